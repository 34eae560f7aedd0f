import { fork } from "node:child_process";
import { join } from "node:path";

/** What the bench asks of its stand-ins; one request at a time. */
export type BackendsRequest = { op: "queue"; name: string; messages: number; users: number; roundTripMs: number } | { op: "counts"; name: string } | { op: "drop"; name: string };

/** A queue and the counted calls at one moment. */
export interface QueueCounts {
  /** Milliseconds that never jump. */
  atMs: number;
  deleted: number;
  received: number;
  left: number;
  /** Requests by action since the start. */
  sqs: Record<string, number>;
  dynamodb: Record<string, number>;
  throttles: number;
}

const ANSWER_DEADLINE_MS = 300_000;
const MAX_HEAP_MB = 8_192; // a million messages are about 2 GB of it

/** Starts the stand-ins in a process of their own. */
export async function startBackends() {
  const child = fork(join(import.meta.dirname, "worker-backends.ts"), { execArgv: [`--max-old-space-size=${MAX_HEAP_MB}`], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const exited = new Promise<void>((done) => child.once("exit", () => done()));

  function answered(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("the stand-ins did not answer")), ANSWER_DEADLINE_MS);
      const end = () => reject(new Error("the stand-ins ended"));
      child.once("exit", end);
      child.once("message", (message: { value?: unknown; error?: string }) => {
        clearTimeout(late);
        child.off("exit", end);
        if (message.error === undefined) resolve(message.value);
        else reject(new Error(message.error));
      });
    });
  }
  async function ask(request: BackendsRequest): Promise<unknown> {
    const answer = answered();
    child.send(request);
    return await answer;
  }
  await answered();
  return {
    /**
     * Makes a queue and fills it.
     * @param roundTripMs how far away the stand-ins are. @returns the environment of whoever drains it.
     */
    queue: async (options: { name: string; messages: number; users: number; roundTripMs: number }) =>
      (await ask({ op: "queue", ...options })) as Record<string, string>,
    counts: async (name: string) => (await ask({ op: "counts", name })) as QueueCounts,
    drop: async (name: string) => void (await ask({ op: "drop", name })),
    async close() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
export type Backends = Awaited<ReturnType<typeof startBackends>>;
