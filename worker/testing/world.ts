import type { WorkerConfig } from "#lib/config/worker.ts";
import { MESSAGE_VERSION } from "#lib/contracts/message.ts";
import { effectiveRate, leaseStep } from "#lib/domain/drain-rate.ts";
import { itemBytes, writeUnits } from "#lib/domain/write-units.ts";
import type { ActivityItem } from "#lib/gateways/activity-table.ts";
import type { Death } from "#lib/gateways/dead-letter-ledger.ts";
import type { Clock } from "#worker/clock.ts";
import { createConsumer } from "#worker/consumer.ts";
import type { Deps } from "#worker/core.ts";
import { createEmitter, type Emit, type WorkerEvent } from "#worker/events.ts";
import { createFakeQueue } from "./fake-queue.ts";
import { createVirtualClock } from "./virtual-clock.ts";

const CONFIG: WorkerConfig = {
  attempts: 5,
  visibilitySeconds: 30,
  storeTimeoutMs: 8_000,
  receiveLoops: 4,
  stopSeconds: 15,
  retentionDays: 90,
  logLevel: "info",
};

export function activityBody(user: string, id: string, properties = "{}"): string {
  const at = "2026-01-01T00:00:00.000Z";
  return JSON.stringify({ v: MESSAGE_VERSION, acceptedAt: at, activity: { id, userId: user, type: "t", occurredAt: at, properties } });
}

export const throttle = (reason: string) =>
  Object.assign(new Error("slow down"), {
    name: "ProvisionedThroughputExceededException",
    $metadata: { httpStatusCode: 400 },
    ThrottlingReasons: [{ reason }],
  });
export const rejection = () => Object.assign(new Error("bad item"), { name: "ValidationException", $metadata: { httpStatusCode: 400 } });

/** A table in memory. `onBatch` and `onPut` may throw, hang or name unprocessed positions. */
function createFakeTable() {
  const items = new Map<string, ActivityItem>();
  const writes: string[] = [];
  const hooks = {
    onBatch: async (_items: readonly ActivityItem[], _signal?: AbortSignal): Promise<number[]> => [],
    onPut: async (_item: ActivityItem, _signal?: AbortSignal): Promise<void> => {},
  };
  const write = (item: ActivityItem) => {
    items.set(`${item.userId} ${item.id}`, item);
    writes.push(item.id);
    return writeUnits(itemBytes({ ...item }));
  };
  const table: Deps["table"] = {
    async putBatch(batch, signal) {
      const unprocessed = await hooks.onBatch(batch, signal);
      const units = batch.map((item, position) => (unprocessed.includes(position) ? 0 : write(item)));
      return { unprocessed, consumedWriteUnits: units.reduce((sum, one) => sum + one, 0) };
    },
    async put(item, signal) {
      await hooks.onPut(item, signal);
      return { consumedWriteUnits: write(item) };
    },
  };
  /** Lets the table refuse one activity for good, in whatever call it comes. */
  const reject = (id: string) => {
    hooks.onBatch = async (batch) => {
      if (batch.some((item) => item.id === id)) throw rejection();
      return [];
    };
    hooks.onPut = async (item) => {
      if (item.id === id) throw rejection();
    };
  };
  return { table, items, writes, hooks, reject };
}

/** The drain row in memory, by the same arithmetic. */
function createFakeDrain(monotonic: () => number) {
  const row = { rateWcuPerSecond: 1_000, capacityShare: 0.9, provisionedWcu: null, factor: 1, version: 1 };
  const state = { away: false, throttles: 0, granted: [] as { startMs: number; units: number }[] };
  let tatMs = 0;
  const drain: Deps["drain"] = {
    async lease({ costWriteUnits, leadMs }) {
      if (state.away) throw new Error("no connection to Postgres");
      const effectiveWcuPerSecond = effectiveRate(row);
      const nowMs = monotonic();
      const step = leaseStep({ tatMs, nowMs, costWriteUnits, rateWcuPerSecond: effectiveWcuPerSecond, leadMs });
      if (!step.granted) return { granted: false, retryInMs: step.retryInMs, effectiveWcuPerSecond, version: row.version };
      tatMs = step.tatMs;
      state.granted.push({ startMs: step.startMs, units: costWriteUnits });
      return { granted: true, startInMs: step.startMs - nowMs, effectiveWcuPerSecond, version: row.version };
    },
    async throttled() {
      state.throttles += 1;
      return true;
    },
  };
  return { drain, row, state };
}

/** Ledger, attempts and deaths in memory. */
function createFakeLedger(allowedAttempts: number) {
  const state = {
    away: false,
    attempts: new Map<string, number>(),
    marks: new Map<string, number>(),
    deaths: new Map<string, Death>(),
    calls: [] as string[],
  };
  const reach = (call: string) => {
    if (state.away) throw new Error("no connection to Postgres");
    state.calls.push(call);
  };
  const attempts: Deps["attempts"] = {
    async startMark({ messageId }) {
      reach(`mark ${messageId}`);
      const marks = (state.marks.get(messageId) ?? 0) + 1;
      state.marks.set(messageId, marks);
      const count = state.attempts.get(messageId) ?? 0;
      return { marks, alone: marks > 1, attempts: count, decision: count >= allowedAttempts ? "die" : "handle", last: null };
    },
    async marksOf(ids) {
      reach("marksOf");
      return new Map(ids.flatMap((id) => (state.marks.has(id) ? [[id, state.marks.get(id) ?? 0] as const] : [])));
    },
    async clear(ids) {
      reach(`clear ${ids.join()}`);
      for (const id of ids) state.marks.delete(id);
    },
    async unmark(ids) {
      reach(`unmark ${ids.join()}`);
      for (const id of ids) state.marks.delete(id);
    },
    async failed({ messageId }, { reason }) {
      reach(`failed ${messageId}`);
      state.marks.delete(messageId);
      const count = (state.attempts.get(messageId) ?? 0) + 1;
      state.attempts.set(messageId, count);
      return { attempts: count, decision: reason === "malformed" || count >= allowedAttempts ? "die" : "retry" };
    },
    async deathOf(ids) {
      reach("deathOf");
      return new Map(ids.flatMap((id) => (state.deaths.has(id) ? [[id, state.deaths.get(id) as Death] as const] : [])));
    },
  };
  const deaths: Deps["deaths"] = {
    async die({ messageId }, { reason }) {
      if (state.away) return "unfinished";
      state.calls.push(`die ${messageId} ${reason}`);
      return "completed";
    },
    async complete(_message, death) {
      state.calls.push(`complete ${death.messageId}`);
      return "completed";
    },
    async resolveRedriven({ deathId }) {
      reach(`resolve ${deathId}`);
      return "resolved";
    },
  };
  return { attempts, deaths, state };
}

export type World = ReturnType<typeof createWorld>;

/** A consumer in a world of fakes, on a clock of its own. @param pushesOf makes what follows a store; none by default. */
export function createWorld(overrides: Partial<WorkerConfig> = {}, pushesOf?: (given: { clock: Clock; emit: Emit; uuid: () => string }) => Deps["pushes"]) {
  const config = { ...CONFIG, ...overrides };
  const time = createVirtualClock();
  const { clock } = time;
  const queue = createFakeQueue(clock);
  const table = createFakeTable();
  const drain = createFakeDrain(clock.monotonic);
  const ledger = createFakeLedger(config.attempts);
  const events: WorkerEvent[] = [];
  let uuids = 0;
  const uuid = () => `uuid-${(uuids += 1)}`;
  const emit = createEmitter([(event) => events.push(event)]);
  const consumer = createConsumer({
    clock,
    random: () => 0.5,
    uuid,
    emit,
    pushes: pushesOf?.({ clock, emit, uuid }),
    queue: queue.queue,
    table: table.table,
    drain: drain.drain,
    attempts: ledger.attempts,
    deaths: ledger.deaths,
    workerId: "w",
    config,
  });
  return {
    clock,
    advance: (ms: number) => time.advance(ms),
    queue,
    table,
    drain,
    ledger,
    events,
    consumer,
    /** As the worker does once it has reached its backends. */
    start() {
      consumer.core.leaser.seen({ effectiveWcuPerSecond: effectiveRate(drain.row), version: drain.row.version });
      consumer.start();
    },
    of: <K extends WorkerEvent["event"]>(kind: K) => events.filter((event): event is Extract<WorkerEvent, { event: K }> => event.event === kind),
  };
}
