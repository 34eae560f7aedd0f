import { fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { LoopGaps } from "./loop-probe.ts";

/** Longest start, and longest wait for the probe's answer, milliseconds. */
const START_MS = 60_000;

export interface ApiProcess {
  name: string;
  port: number;
  /** The event loop's gaps since the last call. */
  gaps(): Promise<LoopGaps>;
  /** How it ended; null while it runs. */
  ended(): string | null;
  /** Lines of errors that it logged. */
  errors: string[];
  stop(): Promise<void>;
}

/** Starts the real public API, watched from within. */
export async function startApiProcess(env: Readonly<Record<string, string>>): Promise<ApiProcess> {
  const probe = fileURLToPath(new URL("loop-probe.ts", import.meta.url));
  const child = fork(fileURLToPath(import.meta.resolve("#public-api/main.ts")), {
    // Few users send very much here, and a refusal of theirs would tell nothing of their bodies.
    env: { ...env, NODE_ENV: "production", PUBLIC_API_PORT: "0", PUBLIC_API_USER_PENDING_MAX: "0" },
    execArgv: ["--import", probe],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const errors: string[] = [];
  let end: string | null = null;
  const { promise: ready, resolve: setReady, reject } = Promise.withResolvers<number>();
  const { promise: exit, resolve: setExit } = Promise.withResolvers<void>();
  child.once("exit", (code, signal) => {
    end = signal ?? `exit code ${code}`;
    reject(new Error(`the public API ended at its start: ${end}; ${errors.join(" ")}`));
    setExit();
  });
  if (child.stdout) {
    createInterface(child.stdout).on("line", (line) => {
      const entry = JSON.parse(line) as { level: string; event: string; port?: number };
      if (entry.event === "ready") setReady(entry.port ?? 0);
      if (entry.level === "error") errors.push(line);
    });
  }
  if (child.stderr) createInterface(child.stderr).on("line", (line) => errors.push(line));
  const timer = setTimeout(() => reject(new Error("the public API did not start in time")), START_MS);
  try {
    const port = await ready;
    return {
      port,
      errors,
      name: "the public API",
      ended: () => end,
      async gaps() {
        const answer = once(child, "message", { signal: AbortSignal.timeout(START_MS) });
        child.send("gaps");
        const [{ gaps }] = (await answer) as [{ gaps: LoopGaps }];
        return gaps;
      },
      async stop() {
        if (end === null) child.kill("SIGTERM");
        await exit;
      },
    };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
