import { setTimeout as sleep } from "node:timers/promises";
import { type LogEvent, startChild } from "#infra/start/child.ts";
import { makeApiKey } from "#infra/testing/api-key.ts";
import { openDb } from "#lib/gateways/db.ts";
import { type Load, type Loader, type Measured, startLoader, USERS } from "./ingest-protocol.ts";
import { faultOf } from "./ingest-tally.ts";
import { rounded } from "./result.ts";
import type { Backends } from "./worker-protocol.ts";

const USAGE = new URL("worker-usage.ts", import.meta.url).href;
const READY_DEADLINE_MS = 60_000;
const USAGE_DEADLINE_MS = 30_000;

/** One measured time of one way to send. */
export type Run = {
  name: string;
  /** Activities. */
  acceptedPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  refused: number;
  failed: number;
  refusalP50Ms: number;
  refusalP99Ms: number;
  /** SQS calls for one activity accepted. */
  callsPerActivity: number;
  /** CPU of the public API, or of the SDK loop, for 1,000 activities; the load generator's is not in it. */
  cpuMsPer1000: number;
};

export interface Sending {
  /** Measures what is sent from now on. */
  measure(name: string, seconds: number): Promise<Run>;
  /** Ends this load, and starts another on the same process. */
  change(load: Partial<Extract<Load, { kind: "http" }>>): Promise<void>;
}

const sum = (calls: Record<string, number>) => Object.values(calls).reduce((total, one) => total + one, 0);

function runOf(name: string, measured: Measured, { calls, cpuMs }: { calls: number; cpuMs: number }): Run {
  const { accepted, seconds, refused, failed, p50Ms, p99Ms, refusalP50Ms, refusalP99Ms } = measured;
  return {
    name,
    acceptedPerSecond: Math.round(accepted / seconds),
    p50Ms: rounded(p50Ms),
    p99Ms: rounded(p99Ms),
    refused,
    failed,
    refusalP50Ms: rounded(refusalP50Ms),
    refusalP99Ms: rounded(refusalP99Ms),
    callsPerActivity: rounded(calls / Math.max(1, accepted)),
    cpuMsPer1000: rounded(cpuMs / Math.max(1, accepted / 1000)),
  };
}

/** A public API process as `npm run public-api` starts it, and what it has used. */
async function startApi(env: Record<string, string>) {
  let said: ((event: LogEvent) => void) | null = null;
  const child = startChild({
    args: [`--import=${USAGE}`, "public-api/main.ts"],
    env: { ...env, PUBLIC_API_PORT: "0" },
    onEvent: (event) => {
      if (event.event === "usage") said?.(event);
    },
  });
  const { port } = await child.event("ready", { deadlineMs: READY_DEADLINE_MS });
  return {
    port: Number(port),
    cpuMs: () =>
      new Promise<number>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error("the public API did not say what it used")), USAGE_DEADLINE_MS);
        said = (event) => {
          clearTimeout(late);
          resolve(Number(event.cpuMs));
        };
        process.kill(child.pid, "SIGUSR2");
      }),
    close: () => child.stop(),
  };
}

/** A queue of its own for as long as `work` takes. */
async function withQueue<T>(backends: Backends, queue: string, work: (env: Record<string, string>) => Promise<T>): Promise<T> {
  const env = await backends.queue({ name: queue, messages: 0, users: USERS, roundTripMs: 0 });
  try {
    return await work(env);
  } finally {
    await backends.drop(queue);
  }
}

async function keyOf(databaseUrl: string, queue: string): Promise<string> {
  const db = openDb({ databaseUrl, applicationName: "spillway-bench", poolSize: 1 });
  try {
    return await makeApiKey({ db, queue });
  } finally {
    await db.$disconnect();
  }
}

/** Ends the load. @throws when a request failed, or the queue does not hold exactly what was called accepted. */
async function stopAndCheck(loader: Loader, backends: Backends, queue: string): Promise<void> {
  const stopped = await loader.stop();
  const { left } = await backends.counts(queue);
  const fault = faultOf({ ...stopped, left });
  if (fault !== null) throw new Error(fault);
}

/** Sends over HTTP to a public API process of its own, warm before `work` is called. @param env beside the backends'. */
export async function withApi<T>(
  { backends, queue, load, env = {}, warmUpSeconds }: { backends: Backends; queue: string; load: Omit<Extract<Load, { kind: "http" }>, "kind" | "port" | "apiKey">; env?: Record<string, string>; warmUpSeconds: number },
  work: (sending: Sending) => Promise<T>,
): Promise<T> {
  return await withQueue(backends, queue, async (places) => {
    const apiKey = await keyOf(places.DATABASE_URL ?? "", queue);
    const api = await startApi({ ...places, ...env });
    const loader = await startLoader();
    try {
      const first: Load = { kind: "http", port: api.port, apiKey, ...load };
      await loader.start(first);
      await sleep(warmUpSeconds * 1000);
      const result = await work({
        async measure(name, seconds) {
          const [before, used] = [await backends.counts(queue), await api.cpuMs()];
          const measured = await loader.measure(seconds);
          const [after, usedAfter] = [await backends.counts(queue), await api.cpuMs()];
          return runOf(name, measured, { calls: sum(after.sqs) - sum(before.sqs), cpuMs: usedAfter - used });
        },
        async change(changes) {
          await loader.stop();
          await loader.start({ ...first, ...changes });
        },
      });
      await stopAndCheck(loader, backends, queue);
      return result;
    } finally {
      await loader.close();
      await api.close();
    }
  });
}

/** A loop of bare SDK calls, alone on the stand-in. */
export async function rawRun(
  { backends, queue, batch, concurrency, warmUpSeconds, seconds }: { backends: Backends; queue: string; batch: boolean; concurrency: number; warmUpSeconds: number; seconds: number },
  name: string,
): Promise<Run> {
  return await withQueue(backends, queue, async (env) => {
    const loader = await startLoader(env);
    try {
      await loader.start({ kind: "sdk", queueUrl: env.ACTIVITY_QUEUE_URL ?? "", region: env.AWS_REGION ?? "", concurrency, batch });
      await sleep(warmUpSeconds * 1000);
      const before = await backends.counts(queue);
      const measured = await loader.measure(seconds);
      const after = await backends.counts(queue);
      await stopAndCheck(loader, backends, queue);
      return runOf(name, measured, { calls: sum(after.sqs) - sum(before.sqs), cpuMs: measured.cpuMs });
    } finally {
      await loader.close();
    }
  });
}
