import { setTimeout as sleep } from "node:timers/promises";
import { startChild } from "#infra/start/child.ts";
import { startStack } from "#infra/testing/stack.ts";
import { openDb } from "#lib/gateways/db.ts";
import { createDrainStore } from "#lib/gateways/drain-store.ts";
import { fillQueue } from "./fill.ts";
import { type Bench, rounded } from "./result.ts";

const TABLE_WCU = 200;
const DIAL_WCU = 150;
const DIAL_OVER_TABLE_WCU = 1_000;
const CAPACITY_SHARE = 0.9;
const USERS = 300;
/** Whole seconds left out after a change of the dial. */
const RAMP_SECONDS = 3;

/**
 * Whether the rate is kept: real worker processes drain 1 KB items into a table of 200 WCU, first at a dial of 150,
 * then at one of 1,000, which the guard must hold to its share of the table. Counted by the table's front.
 */
export const bench: Bench = async ({ seconds = 60, workers = 1, log }) => {
  const guardSeconds = Math.max(5, Math.round(seconds / 3));
  const stack = await startStack({ tableWriteUnits: TABLE_WCU });
  const children: ReturnType<typeof startChild>[] = [];
  const db = openDb({ databaseUrl: stack.backend.databaseUrl, applicationName: "spillway-bench" });
  try {
    const drain = createDrainStore({ db, queue: stack.backend.queue });
    const setDial = async (rateWcuPerSecond: number) => {
      const { version } = await drain.read();
      const { outcome } = await drain.change({ rateWcuPerSecond, expectedVersion: version, actor: "bench" });
      if (outcome !== "changed") throw new Error("somebody else changed the dial");
    };
    const count = Math.ceil((seconds + RAMP_SECONDS + 8) * DIAL_WCU + (guardSeconds + RAMP_SECONDS + 8) * TABLE_WCU);
    log(`filling the queue with ${count} activities of one write unit`);
    await fillQueue({ client: stack.clients.sqs, queueUrl: stack.backend.queueUrl, count, users: USERS, prefix: "drain" });
    await drain.ensure();
    await setDial(DIAL_WCU);
    for (let started = 0; started < workers; started += 1) children.push(startChild({ args: ["worker/main.ts"], env: stack.env }));
    await Promise.all(children.map((child) => child.event("ready", { deadlineMs: 30_000 })));

    /** Units of each whole second of a run, ramp left out; a second without traffic is a zero. */
    const measure = async (name: string, targetWcu: number, runSeconds: number) => {
      await sleep(RAMP_SECONDS * 1_000);
      const from = Math.floor(Date.now() / 1000) + 1;
      log(`${name}: ${runSeconds} s at ${targetWcu} WCU/s`);
      await sleep(from * 1_000 + runSeconds * 1_000 + 200 - Date.now());
      const counted = new Map(stack.dynamodb.consumed(stack.backend.table, from).map((one) => [one.second, one]));
      const rows = Array.from({ length: runSeconds }, (_, offset) => counted.get(from + offset));
      const units = rows.map((row) => row?.writeUnits ?? 0);
      const throttles = rows.reduce((sum, row) => sum + (row?.throttledWrites ?? 0), 0);
      const mean = units.reduce((sum, one) => sum + one, 0) / runSeconds;
      return { name, workers, targetWcu, seconds: runSeconds, unitsPerSecond: units, mean: rounded(mean), throttles };
    };

    const atDial = await measure("dial under the table", DIAL_WCU, seconds);
    await setDial(DIAL_OVER_TABLE_WCU);
    const guarded = await measure("dial over the table", CAPACITY_SHARE * TABLE_WCU, guardSeconds);
    return {
      figures: {
        achievedRatio: rounded(atDial.mean / DIAL_WCU),
        worstSecondRatio: rounded(Math.max(...atDial.unitsPerSecond) / DIAL_WCU),
        throttles: atDial.throttles,
        guardRatio: rounded(guarded.mean / (CAPACITY_SHARE * TABLE_WCU)),
        guardThrottles: guarded.throttles,
      },
      runs: [atDial, guarded],
    };
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await db.$disconnect();
    await stack.close();
  }
};
