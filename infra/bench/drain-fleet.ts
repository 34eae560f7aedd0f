import { setTimeout as sleep } from "node:timers/promises";
import { type Child, type LogEvent, startChild } from "#infra/start/child.ts";
import { type Stack, startStack } from "#infra/testing/stack.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createDrainModes } from "#lib/gateways/drain-modes.ts";
import { createDrainStore } from "#lib/gateways/drain-store.ts";
import { createWorkerRegistry } from "#lib/gateways/worker-registry.ts";
import { fillQueue } from "./fill.ts";
import { type Grant, secondsOf } from "./drain-figures.ts";

const READY_MS = 60_000;
const OBEYED_WITHIN_MS = 15_000;

export type Fleet = Awaited<ReturnType<typeof startFleet>>;

/** A stack of its own with real worker processes whose leases and writes are listened to, by their debug lines. */
export async function startFleet({ tableWriteUnits, log }: { tableWriteUnits: number; log: (line: string) => void }) {
  const stack: Stack = await startStack({ tableWriteUnits });
  const db: Db = openDb({ databaseUrl: stack.backend.databaseUrl, applicationName: "spillway-bench" });
  const { queue, queueUrl, table } = stack.backend;
  const drain = createDrainStore({ db, queue });
  const modes = createDrainModes({ db, queue });
  const registry = createWorkerRegistry({ db, queue });
  const workers: Child[] = [];
  const grants: Grant[] = [];
  const writesAtMs: number[] = [];
  let sent = 0;

  function onEvent(event: LogEvent): void {
    if (event.event === "lease_granted" && typeof event.startsAtMs === "number") grants.push({ startsAtMs: event.startsAtMs, writeUnits: Number(event.costWriteUnits) });
    if (event.event === "storing") writesAtMs.push(Date.parse(String(event.at)));
  }

  async function add(): Promise<void> {
    const child = startChild({ args: ["worker/main.ts"], env: { ...stack.env, LOG_LEVEL: "debug" }, onEvent });
    workers.push(child);
    await child.event("ready", { deadlineMs: READY_MS });
  }

  await drain.ensure();
  return {
    add,

    async scaleTo(count: number): Promise<void> {
      await Promise.all(Array.from({ length: Math.max(0, count - workers.length) }, () => add()));
      await Promise.all(workers.splice(count).map((child) => child.stop()));
    },

    /** SIGKILL to the oldest worker. */
    async killOne(): Promise<void> {
      const oldest = workers.shift();
      oldest?.kill();
      await oldest?.exited;
    },

    /** @param unitsOf write units of the n-th message; left out = one. */
    async fill(count: number, unitsOf?: (number: number) => number): Promise<void> {
      log(`sending ${count} activities`);
      await fillQueue({ client: stack.clients.sqs, queueUrl, count, users: 300, prefix: "drain", from: sent, ...(unitsOf && { unitsOf }) });
      sent += count;
    },

    async setDial(rateWcuPerSecond: number): Promise<void> {
      const { version } = await drain.read();
      const { outcome } = await drain.change({ rateWcuPerSecond, expectedVersion: version, actor: "bench" });
      if (outcome !== "changed") throw new Error("somebody else changed the dial");
    },

    /** @returns when it was paused, by this machine's clock. */
    async pause(): Promise<number> {
      const { version } = await drain.read();
      await modes.pause({ actor: "bench", expectedVersion: version });
      return Date.now();
    },
    async resume(): Promise<void> {
      const { version } = await drain.read();
      await modes.resume({ actor: "bench", expectedVersion: version });
    },

    /** Seconds from the row's last change to the last worker's obeying it. */
    async obeyedAfterSeconds(): Promise<number> {
      const { version, versionAt } = await drain.read();
      const pids = new Set(workers.map(({ pid }) => pid));
      for (const deadline = Date.now() + OBEYED_WITHIN_MS; Date.now() < deadline; await sleep(50)) {
        const live = (await registry.list({ seenSince: new Date(Date.now() - 5_000) })).filter(({ pid }) => pids.has(pid));
        const at = live.flatMap(({ acknowledged }) => (acknowledged && acknowledged.version >= version ? [acknowledged.at.getTime()] : []));
        if (at.length === pids.size) return Math.max(0, Math.max(...at) - Date.parse(versionAt)) / 1000;
      }
      return OBEYED_WITHIN_MS / 1000;
    },

    /** Waits for the next whole second, then for so many; @returns what the table counted, and what was granted, in them. */
    async measure(seconds: number, during: (elapse: (second: number) => Promise<void>) => Promise<void> = async () => {}) {
      const from = Math.floor(Date.now() / 1000) + 1;
      const elapse = (second: number) => sleep(Math.max(0, (from + second) * 1000 - Date.now()));
      await elapse(0);
      await during(elapse);
      await elapse(seconds);
      // The last second's writes may still be answered, and its lines be read.
      await sleep(300);
      const inRange = ({ startsAtMs }: Grant) => startsAtMs >= from * 1000 && startsAtMs < (from + seconds) * 1000;
      return { ...secondsOf(stack.dynamodb.consumed(table, from), { from, seconds }), grants: grants.filter(inRange) };
    },

    writesAfter: (atMs: number): number => writesAtMs.filter((one) => one > atMs).length,

    async close(): Promise<void> {
      await Promise.all(workers.map((child) => child.stop()));
      await db.$disconnect();
      await stack.close();
    },
  };
}
