import { startAsked } from "./asked-child.ts";

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

const MAX_HEAP_MB = 8_192; // a million messages are about 2 GB of it

/** Starts the stand-ins in a process of their own. */
export async function startBackends() {
  const child = await startAsked("worker-backends.ts", { execArgv: [`--max-old-space-size=${MAX_HEAP_MB}`] });
  const ask = (request: BackendsRequest) => child.ask(request);
  return {
    /**
     * Makes a queue and fills it.
     * @param roundTripMs how far away the stand-ins are. @returns the environment of whoever drains it.
     */
    queue: async (options: { name: string; messages: number; users: number; roundTripMs: number }) =>
      (await ask({ op: "queue", ...options })) as Record<string, string>,
    counts: async (name: string) => (await ask({ op: "counts", name })) as QueueCounts,
    drop: async (name: string) => void (await ask({ op: "drop", name })),
    close: () => child.close(),
  };
}
export type Backends = Awaited<ReturnType<typeof startBackends>>;
