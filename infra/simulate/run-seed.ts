import { pushKey } from "#lib/domain/activity-key.ts";
import type { ActivityItem } from "#lib/gateways/activity-table.ts";
import { longestPushMs } from "#worker/sinks/list.ts";
import type { WorkerEvent } from "#worker/events.ts";
import { createFakeDrain } from "./postgres/drain.ts";
import { createFakeFailingMessages } from "./postgres/failing-messages.ts";
import { createFakeLeaderLease } from "./postgres/leader-lease.ts";
import { createFakeLedger } from "./postgres/ledger.ts";
import { createFakeRedriveRuns } from "./postgres/redrive-runs.ts";
import { createPostgresState, type PostgresEvent } from "./postgres/state.ts";
import { createFakeUserProgress } from "./postgres/user-progress.ts";
import { createFakeRegistry } from "./postgres/workers.ts";
import { createHost, EPOCH_MS, type Host } from "./host.ts";
import { type CallFaults, createLink, type Fate, remote } from "./link.ts";
import type { Dump, Entry, Fact, RunLog } from "./log.ts";
import { createPlan, type Plan, type Window } from "./plan.ts";
import { runProducers } from "./producers.ts";
import { createQueues, DLQ, idOf, MAIN } from "./queues.ts";
import { createRandom } from "./random.ts";
import { createScheduler } from "./scheduler.ts";
import { contentOf, createTable } from "./table.ts";
import { createPushing } from "./webhook.ts";
import { type Backends, type Planted, startWorkerProcess, WEBHOOK_TIMEOUT_MS, type WorkerProcess } from "./worker-process.ts";

/** Longest that a run may take to drain once faults have ended, virtual ms. */
export const DRAIN_LIMIT_MS = 20 * 60_000;
const QUIET_CHECK_MS = 500;
const MAX_WORKERS = 8;
const WORKER_CONFIG = { receiveLoops: 4, stopSeconds: 5, retentionDays: 90, logLevel: "error" } as const;

const within = (nowMs: number) => (window: Window) => nowMs >= window.fromMs && nowMs < window.toMs;

export interface RunOptions {
  planted?: Planted;
  /** Safety only: stop when the faults do. */
  mode?: "safety" | "liveness";
  onEntry?: (entry: Entry) => void;
  drainLimitMs?: number;
  plan?: Plan;
}

/** Runs one seed from start to end. A function of the seed (and the code) alone. */
export async function runSeed(seed: number, { planted = {}, mode = "liveness", onEntry, plan = createPlan(seed), drainLimitMs = DRAIN_LIMIT_MS }: RunOptions = {}): Promise<RunLog> {
  const scheduler = createScheduler();
  const random = createRandom(seed + 1_000_003);
  const entries: Entry[] = [];
  /** Activity of each message, told by the accepts. */
  const idOfMessage = new Map<string, string>();
  let faulty = true;
  const log = (fact: Fact) => {
    const entry = { ...fact, step: scheduler.step(), atMs: scheduler.now() };
    entries.push(entry);
    if (fact.fact === "accepted") idOfMessage.set(fact.messageId, fact.id);
    onEntry?.(entry);
  };
  const kinds = new Map(plan.users.flatMap(({ activities }) => activities.map(({ id, kind }) => [id, kind] as const)));
  const healed = () => plan.healedAtMs !== null && scheduler.now() >= plan.healedAtMs;

  // What the faults do.
  const during = <W extends Window>(windows: readonly W[]): W | undefined => (faulty ? windows.find(within(scheduler.now())) : undefined);
  const faults: CallFaults = {
    fate(backend): Fate {
      if (!faulty) return "answered";
      if (backend === "postgres") {
        const away = during(plan.postgresAway);
        if (away) return away.mode === "throws" ? "failed" : random.chance(0.1) ? "answer_hung" : "request_hung";
      }
      return plan.fates[backend].find(({ probability }) => random.chance(probability))?.fate ?? "answered";
    },
    killAt: () => faulty && random.chance(plan.killOnCall),
    kill: (host, why) => kill(host, why),
    note: (host, what, detail) => log({ fact: "fault", worker: host.name, what, detail }),
  };

  const queues = createQueues({
    scheduler,
    seed,
    maxReceiveCount: Math.max(100, 20 * plan.attempts),
    log,
    failsAlone: () => faulty && random.chance(plan.partialDelete),
  });
  const table = createTable({
    log,
    faults: {
      tableThrottled: () => random.chance(during(plan.tableThrottled)?.probability ?? 0),
      keyThrottled: (userId) => random.chance(during(plan.keyThrottled.filter((one) => one.userId === userId))?.probability ?? 0),
      unprocessed: () => faulty && random.chance(plan.unprocessed),
      rejects: (id) => kinds.get(id) === "rejected" && !healed(),
      note: (host, what, detail) => log({ fact: "fault", worker: host.name, what, detail }),
    },
  });
  const idOfKey = new Map<string, string>(
    plan.users.flatMap(({ userId, activities }) => activities.map(({ id, occurredAt }) => [`webhook#${pushKey({ userId, id, occurredAt })}`, id] as const)),
  );
  const pushing = createPushing({
    log,
    idOfKey: (key) => idOfKey.get(key) ?? "?",
    faults: {
      refuses: (id) => kinds.get(id) === "unwelcome" && !healed(),
      failing: () => faulty && random.chance(plan.pushes?.failing ?? 0),
      impatient: () => faulty && random.chance(plan.pushes?.impatient ?? 0),
    },
  });
  let ids = 0;
  const uuid = () => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, "0")}`;
  /** Whose call the database is at. */
  let caller = "";
  const state = createPostgresState({
    now: () => EPOCH_MS + scheduler.now(),
    uuid,
    onEvent: (event: PostgresEvent) => log({ fact: "postgres", worker: caller, event }),
  });
  const stores = {
    drain: createFakeDrain(state),
    failing: createFakeFailingMessages(state),
    ledger: createFakeLedger(state),
    runs: createFakeRedriveRuns(state),
    lease: createFakeLeaderLease(state),
    registry: createFakeRegistry(state.now),
    userProgress: createFakeUserProgress((told) => log({ fact: "through", ...told })),
  };
  await stores.drain.ensure();
  await changeDial(plan.rateWcuPerSecond);

  async function changeDial(rateWcuPerSecond: number): Promise<void> {
    const { version } = await stores.drain.read();
    await stores.drain.change({ rateWcuPerSecond, expectedVersion: version, actor: "simulator" });
    log({ fact: "dial", rateWcuPerSecond });
  }

  /** The same store, telling whose call it is. */
  function as<Store extends object>(worker: string, store: Store): Store {
    return Object.fromEntries(
      Object.entries(store).map(([name, act]) => [
        name,
        (...input: unknown[]) => {
          caller = worker;
          return (act as (...input: unknown[]) => unknown)(...input);
        },
      ]),
    ) as Store;
  }

  // Processes.
  let started = 0;
  const running = new Map<string, WorkerProcess>();
  let wanted = plan.workers;

  function backendsOf(host: Host): Backends {
    const link = createLink({ scheduler, random, host, faults });
    const over = <Store extends object>(store: Store, name: string, limitMs?: number) => remote(as(host.name, store), link, name, limitMs);
    return {
      queue: queues.gateway(MAIN, host, link),
      deadLetterQueue: queues.gateway(DLQ, host, link),
      table: table.gateway(host, link),
      drain: over(stores.drain, "drain", 3_000),
      registry: over(stores.registry, "registry", 3_000),
      userProgress: over(stores.userProgress, "userProgress"),
      failing: over(stores.failing, "failing"),
      ledger: over(stores.ledger, "ledger"),
      runs: over(stores.runs, "runs"),
      lease: over(stores.lease, "lease"),
      pushing: plan.pushes && pushing.of(host, link, Math.min(WEBHOOK_TIMEOUT_MS, longestPushMs(plan.visibilitySeconds))),
      describeTable: (signal) => link.call({ backend: "table", name: "table.describe", signal }, () => ({ writeUnits: plan.provisionedWcu })),
    };
  }

  function spawn(): void {
    if (running.size >= Math.min(MAX_WORKERS, wanted)) return;
    started += 1;
    const wallOffsetMs = faulty ? random.int(4_000) - 2_000 : 0;
    const host = createHost({ scheduler, name: `w${started}`, wallOffsetMs });
    const { attempts, visibilitySeconds, storeTimeoutMs } = plan;
    const worker = startWorkerProcess({
        host,
        random,
        backends: backendsOf(host),
        config: { ...WORKER_CONFIG, attempts, visibilitySeconds, storeTimeoutMs },
        planted,
        onEvent: (event) => onWorkerEvent(host, event),
        onEnd() {
          log({ fact: "fault", worker: host.name, what: "stopped", detail: "" });
          host.kill();
          running.delete(host.name);
          scheduler.after(500, spawn);
        },
      });
    if (host.alive()) running.set(host.name, worker);
  }

  function kill(host: Host, why: string): void {
    if (!host.alive()) return;
    host.kill();
    log({ fact: "fault", worker: host.name, what: "killed", detail: why });
    running.delete(host.name);
    scheduler.after(200 + random.int(3_000), spawn);
  }

  function onWorkerEvent(host: Host, event: WorkerEvent): void {
    if (!host.alive()) return;
    log({ fact: "worker", worker: host.name, event });
    if (event.event === "storing") {
      const killer = event.messageIds.find((messageId) => kinds.get(idOfMessage.get(messageId) ?? "") === "killer");
      if (killer !== undefined) {
        kill(host, `by ${idOfMessage.get(killer) ?? ""}`);
        return;
      }
    }
    if (faulty && random.chance(plan.killOnEvent)) kill(host, `at ${event.event}`);
  }

  const anyWorker = () => [...running.values()][random.int(Math.max(1, running.size))];

  // The plan's course.
  for (let index = 0; index < plan.workers; index += 1) scheduler.after(index * 300, spawn);
  for (const { atMs, rateWcuPerSecond } of plan.dialChanges) scheduler.after(atMs, () => void changeDial(rateWcuPerSecond));
  for (const { atMs, forMs } of plan.pauses) {
    scheduler.after(atMs, () => {
      const host = anyWorker()?.host;
      if (!host?.running()) return;
      host.pause();
      log({ fact: "fault", worker: host.name, what: "paused", detail: `${forMs} ms` });
      scheduler.after(forMs, () => {
        if (!host.alive()) return;
        log({ fact: "fault", worker: host.name, what: "resumed", detail: "" });
        host.resume();
      });
    });
  }
  for (const { atMs, byMs } of plan.jumps) {
    scheduler.after(atMs, () => {
      const host = anyWorker()?.host;
      host?.jump(byMs);
      log({ fact: "fault", worker: host?.name ?? null, what: "clock_jump", detail: `${byMs} ms` });
    });
  }
  for (const atMs of plan.joins) {
    scheduler.after(atMs, () => {
      wanted = Math.min(MAX_WORKERS, wanted + 1);
      spawn();
    });
  }
  for (const { atMs, kill: hard } of plan.leaves) {
    scheduler.after(atMs, () => {
      const leaving = anyWorker();
      if (!leaving) return;
      if (wanted > 1) wanted -= 1;
      else scheduler.after(6_000, spawn);
      if (hard) kill(leaving.host, "leaves");
      else leaving.stop();
    });
  }
  for (const window of plan.postgresAway) {
    scheduler.after(window.fromMs, () => log({ fact: "fault", worker: null, what: "postgres_away", detail: window.mode }));
    scheduler.after(window.toMs, () => log({ fact: "fault", worker: null, what: "postgres_back", detail: window.mode }));
  }
  async function redriveAll(): Promise<void> {
    const open = [...state.deaths.values()].filter((death) => death.status === "open").map((death) => death.id);
    if (open.length > 0) await stores.runs.create({ runId: uuid(), deathIds: open, actor: "admin", reason: "simulated" });
  }
  for (const atMs of plan.redrives) scheduler.after(atMs, () => void redriveAll());

  // Producers have a process of their own that nothing befalls but the wire.
  const api = createHost({ scheduler, name: "api", wallOffsetMs: 0 });
  const sent = { all: false };
  const apiFaults = { ...faults, killAt: () => false };
  const toQueue = queues.gateway(MAIN, api, createLink({ scheduler, random, host: api, faults: apiFaults }));
  void runProducers({ users: plan.users, host: api, queue: toQueue, random: random.next, log }).finally(() => {
    sent.all = true;
  });

  function dump(): Dump {
    const inTable = new Map<string, string>([...table.items.values()].map((item: ActivityItem) => [item.id, contentOf(item)]));
    return {
      atMs: scheduler.now(),
      table: inTable,
      queue: queues.contents(MAIN).map(({ body }) => idOf(body)),
      deadLetters: queues.contents(DLQ).map(({ body, deathId, messageId }) => ({ id: idOf(body), deathId, copyId: messageId })),
      deaths: [...state.deaths.values()].map(({ id, messageId, body, status, attempts, reason }) => ({ deathId: id, messageId, id: idOf(body), status, attempts, reason })),
      unfinishedRedriveItems: [...state.runs.values()].flatMap((run) => run.items).filter((item) => item.state === "pending" || item.state === "sent").length,
    };
  }

  /** Nothing left to do for anybody: queue empty, runs over, resolved copies swept. */
  function quiet(): boolean {
    if (!sent.all || scheduler.now() < plan.faultsEndMs) return false;
    const { visible, inFlight } = queues.engine.figures(MAIN, EPOCH_MS + Math.floor(scheduler.now()));
    if (visible + inFlight > 0) return false;
    for (const run of state.runs.values()) if (run.state === "running") return false;
    for (const death of state.deaths.values()) if (death.status !== "open" && death.sweptAtMs === null) return false;
    return true;
  }

  await scheduler.run(() => scheduler.now() >= plan.faultsEndMs);
  faulty = false;
  log({ fact: "faults_over" });
  const safety = dump();
  let final: Dump | null = null;
  let over = false;
  let drained = false;
  if (mode === "liveness") {
    const endMs = scheduler.now() + drainLimitMs;
    wanted = Math.max(1, wanted);
    for (const { host } of running.values()) host.resume();
    const check = () => {
      drained = quiet();
      over = drained || scheduler.now() >= endMs;
      if (!over) scheduler.after(QUIET_CHECK_MS, check);
    };
    spawn();
    scheduler.after(0, check);
    await scheduler.run(() => over);
    final = dump();
  }
  const contents = new Map(
    plan.users.flatMap(({ activities }) =>
      activities.map(({ id, userId, occurredAt, properties }) => [id, JSON.stringify([userId, `${occurredAt}#${id}`, id, "t", occurredAt, properties])] as const),
    ),
  );
  return { seed, allowedAttempts: plan.attempts, pushing: plan.pushes !== null, entries, contents, safety, final, drained, drainLimitMs };
}
