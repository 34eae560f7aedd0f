import { startAsked } from "./asked-child.ts";

export const USERS = 1_000;

/** What the load generator and the raw loops are asked; `start` while nothing runs, `measure` while something does. */
export type LoadRequest =
  | ({ op: "start" } & Load)
  /** Counts from now on, for as long. */
  | { op: "measure"; seconds: number }
  /** Sends no more, and waits for the answers that are still to come. */
  | { op: "stop" };

export type Load =
  | {
      kind: "http";
      port: number;
      apiKey: string;
      connections: number;
      activitiesPerRequest: number;
      /** Whether a refused connection waits as long as it is told. */
      obeysRetryAfter: boolean;
    }
  | { kind: "sdk"; queueUrl: string; region: string; concurrency: number; batch: boolean };

/** What was counted in a time; latencies in milliseconds. */
export interface Measured {
  seconds: number;
  requests: number;
  /** Activities. */
  accepted: number;
  /** Requests that were answered 429. */
  refused: number;
  /** Requests with any other answer, or none. */
  failed: number;
  p50Ms: number;
  p99Ms: number;
  refusalP50Ms: number;
  refusalP99Ms: number;
  /** Of the process that sends. */
  cpuMs: number;
}

/** Activities accepted since the start, warm-up included, and requests that failed. */
export interface Stopped {
  accepted: number;
  failed: number;
}

/** Starts a process that makes load. @param env of an SDK loop: where the stand-ins are. */
export async function startLoader(env?: Record<string, string>) {
  const child = await startAsked("ingest-load.ts", env ? { env } : {});
  const ask = (request: LoadRequest) => child.ask(request);
  return {
    start: async (load: Load) => void (await ask({ op: "start", ...load })),
    measure: async (seconds: number) => (await ask({ op: "measure", seconds })) as Measured,
    stop: async () => (await ask({ op: "stop" })) as Stopped,
    close: () => child.close(),
  };
}
export type Loader = Awaited<ReturnType<typeof startLoader>>;
