import { fileURLToPath } from "node:url";
import { startChild } from "#infra/start/child.ts";
import { WORKER_NODE_OPTIONS } from "#infra/start/node-options.ts";

const READY_MS = 60_000;

export interface WorkerProcess {
  name: string;
  /** How it ended; null while it runs. */
  ended(): string | null;
  /** Lines in which it told of faults of its own. */
  errors: string[];
  stop(): Promise<void>;
}

/** Starts a real worker, on a free port. */
export async function startWorkerProcess(name: string, env: Readonly<Record<string, string>>): Promise<WorkerProcess> {
  const errors: string[] = [];
  let end: string | null = null;
  const child = startChild({
    args: [...WORKER_NODE_OPTIONS, fileURLToPath(import.meta.resolve("#worker/main.ts"))],
    env: { ...env, NODE_ENV: "production", WORKER_PORT: "0" },
    onEvent: (event) => {
      if (event.level === "error") errors.push(JSON.stringify(event));
    },
  });
  void child.exited.then((how) => (end = how));
  try {
    await child.event("ready", { deadlineMs: READY_MS });
  } catch (error) {
    child.kill();
    throw error;
  }
  return { name, errors, ended: () => end, stop: () => child.stop() };
}
