import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Stack } from "#e2e/stack.ts";

export interface ApiProcess {
  url: string;
  /** Ends it at once, in the midst of whatever it does. */
  kill(): Promise<void>;
  /** Starts it again where it was. */
  start(): Promise<void>;
}

/**
 * A public API of a test's own over the backends of the start, so that killing it harms no other test.
 * @param corsOrigins origins whose pages may send.
 */
export async function startApi({ env }: Pick<Stack, "env">, corsOrigins: string): Promise<ApiProcess> {
  let child: ChildProcess | null = null;
  let port = 0;

  async function start(): Promise<void> {
    const started = spawn(process.execPath, [join("public-api", "main.ts")], {
      env: { ...env, NODE_ENV: "production", PUBLIC_API_PORT: String(port), PUBLIC_API_CORS_ORIGINS: corsOrigins },
      stdio: ["ignore", "pipe", "inherit"],
    });
    child = started;
    for await (const line of createInterface({ input: started.stdout })) {
      const log = JSON.parse(line) as { event: string; port?: number };
      if (log.event !== "ready") continue;
      port = log.port ?? 0;
      // Nobody reads the rest, and a full pipe would hold it up.
      started.stdout.resume();
      return;
    }
    throw new Error("the public API did not start");
  }

  await start();
  return {
    url: `http://127.0.0.1:${port}`,
    start,
    async kill() {
      if (!child) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      child = null;
      await gone;
    },
  };
}
