import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "#infra/spike/source.ts";
import { startChild } from "#infra/start/child.ts";
import { releasers } from "#infra/start/releasers.ts";
import { provisionPushFilter } from "#infra/start/provision.ts";
import { makeApiKey } from "#infra/testing/api-key.ts";
import { startStack } from "#infra/testing/stack.ts";
import { until } from "#infra/testing/until.ts";
import { openDb } from "#lib/gateways/db.ts";
import { createDrainStore } from "#lib/gateways/drain-store.ts";
import { createSqsQueue } from "#lib/gateways/sqs-queue.ts";
import { dumpDeadLetters, dumpDeaths, dumpTable } from "./dump.ts";
import type { Facts, Send } from "./facts.ts";
import type { FaultRule } from "./faults.ts";
import { createFleet } from "./fleet.ts";
import { judge } from "./judge.ts";
import { type KilledApi, startKilledApi } from "./killed-api.ts";
import { createApiProducer, createDirectProducer, type Outgoing, type Producer } from "./producers.ts";
import { startFaultProxy, type WireCall } from "./proxy.ts";
import { startReceiver } from "./receiver.ts";
import { createRetryingProducer } from "./retrying-producer.ts";
import { openRunLog } from "./run-log.ts";
import { createTrace } from "./trace.ts";
import { createTraffic, pour } from "./traffic.ts";

/** What a killed worker's successor may need beyond the visibility timeout: to receive, lease and store. */
const REDO_MARGIN_SECONDS = 5;
const DRAINED_LOOKS = 3;
const FILTER_TABLE = "chaos-pushes";
const DRAINED_EVERY_MS = 100;
/** What an answer takes from the stand-in to the proxy, both of this process, beside the event loop's own delay. */
const WIRE_LATE_MS = 50;

export interface HarnessOptions {
  /** The run's; its letters and digits are part of every id of the run. */
  name: string;
  seed: number;
  tell: (line: string) => void;
  visibilitySeconds?: number;
  storeTimeoutMs?: number;
  /** Attempts after which a message dies. */
  attempts?: number;
  rateWcuPerSecond?: number;
  /** What the table bears. */
  tableWriteUnits?: number;
  users?: number;
  /** What a successor may need beyond the visibility timeout. */
  redoMarginSeconds?: number;
  /** Pushes what is stored to a receiver, through the webhook. */
  webhook?: boolean;
}

/** One judged run: what was found, what was counted, and which promises broke. */
export interface RunReport {
  name: string;
  figures: Record<string, number>;
  violations: string[];
  log: string | null;
}

export type Harness = Awaited<ReturnType<typeof startHarness>>;

/** A stack with fault proxies before SQS and DynamoDB, a fleet of real workers, and producers whose sends are kept. */
export async function startHarness({
  name,
  seed,
  tell,
  visibilitySeconds = 5,
  storeTimeoutMs = 2_000,
  attempts = 5,
  rateWcuPerSecond = 300,
  tableWriteUnits = 600,
  users = 40,
  redoMarginSeconds = REDO_MARGIN_SECONDS,
  webhook = false,
}: HarnessOptions) {
  const release = releasers();
  const log = await openRunLog();
  const prefix = name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  const random = seededRandom(seed);
  /** In memory that the receiver's thread counts in, too. */
  const counted = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const tick = () => Atomics.add(counted, 0, 1) + 1;
  const sends: Send[] = [];
  try {
    const stack = release.add(await startStack({ tableWriteUnits, tableReadUnits: 20_000, visibilityTimeoutSeconds: visibilitySeconds }));
    const loopDelay = monitorEventLoopDelay({ resolution: 10 });
    loopDelay.enable();
    release.push(() => void loopDelay.disable());
    const trace = createTrace({ table: stack.backend.table, deadLetterQueue: stack.backend.deadLetterQueue, tick });
    let onSend: (call: WireCall) => void = () => undefined;
    const onCall = (call: WireCall) => {
      trace.see(call);
      if (call.operation === "SendMessageBatch") onSend(call);
      if (call.stage === "asked" && (call.fault !== null || call.failedEntries > 0)) {
        log.line({ event: "fault", service: call.service, operation: call.operation, client: call.client, fault: call.fault ?? "entries", failed: call.failedEntries });
      }
    };
    const sqs = release.add(await startFaultProxy({ service: "sqs", target: stack.sqs.url, random, onCall }));
    const dynamodb = release.add(await startFaultProxy({ service: "dynamodb", target: stack.dynamodb.url, random, onCall }));
    const through = (url: string) => url.replace(stack.sqs.url, sqs.url);
    const receiver = release.add(await startReceiver({ facts: counted }));
    if (webhook) await provisionPushFilter(stack.dynamodb.url, FILTER_TABLE);
    const env = {
      ...stack.env,
      AWS_ENDPOINT_URL_SQS: sqs.url,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
      ACTIVITY_QUEUE_URL: through(stack.backend.queueUrl),
      ACTIVITY_DLQ_URL: through(stack.backend.deadLetterQueueUrl),
      WORKER_VISIBILITY_SECONDS: String(visibilitySeconds),
      WORKER_STORE_TIMEOUT_MS: String(storeTimeoutMs),
      WORKER_ATTEMPTS: String(attempts),
      ...(webhook && { WEBHOOK_URL: receiver.url, WEBHOOK_ALLOW_PRIVATE: "true", WEBHOOK_TIMEOUT_MS: "1000", PUSH_FILTER_TABLE: FILTER_TABLE }),
    };
    const db = openDb({ databaseUrl: stack.backend.databaseUrl, applicationName: "spillway-chaos" });
    release.push(() => db.$disconnect());
    const drain = createDrainStore({ db, queue: stack.backend.queue });
    const queue = createSqsQueue({ client: stack.clients.sqs, queueUrl: stack.backend.queueUrl });
    const fleet = createFleet({ env, onEvent: (worker, event) => log.line({ process: worker, ...event }) });
    release.push(() => fleet.stop());
    const producerDeps = { tick, sends, log: log.line };
    const direct = createDirectProducer({ ...producerDeps, queue });
    const traffic = createTraffic({ prefix, users, random });

    async function setRate(rate: number): Promise<void> {
      await drain.ensure();
      const { version } = await drain.read();
      await drain.change({ rateWcuPerSecond: rate, expectedVersion: version, actor: "chaos" });
      log.line({ event: "rate", rateWcuPerSecond: rate });
    }
    await setRate(rateWcuPerSecond);

    function setFaults(rules: readonly FaultRule[]): void {
      sqs.set(rules.filter(({ service }) => service === "sqs"));
      dynamodb.set(rules.filter(({ service }) => service === "dynamodb"));
      log.line({ event: "faults", rules });
    }

    /** Refuses puts of these users, as a table that breaks its rules for them would. */
    async function rejectUsers(userIds: readonly string[]): Promise<void> {
      const rules = userIds.map((partitionKey) => ({ table: stack.backend.table, partitionKey, message: "planted: this item breaks a rule of the table" }));
      const answer = await fetch(stack.dynamodb.url, {
        method: "POST",
        headers: { "x-amz-target": "DynamoDB_20120810.SpillwaySetFaults", "content-type": "application/x-amz-json-1.0" },
        body: JSON.stringify({ rules }),
      });
      if (!answer.ok) throw new Error(`the table took no rules: ${answer.status} ${await answer.text()}`);
    }

    async function isDrained(): Promise<boolean> {
      const { visible, inFlight } = await queue.attributes();
      return visible === 0 && inFlight === 0;
    }

    /** Waits until the queue is empty and stays so. @returns how long it took, seconds; null past the deadline. */
    async function drained(deadlineSeconds: number): Promise<number | null> {
      const startedMs = performance.now();
      let looks = 0;
      while (performance.now() - startedMs < deadlineSeconds * 1000) {
        looks = (await isDrained()) ? looks + 1 : 0;
        if (looks >= DRAINED_LOOKS) return (performance.now() - startedMs) / 1000;
        await sleep(DRAINED_EVERY_MS);
      }
      return null;
    }

    async function facts(): Promise<Facts> {
      const { visible, inFlight } = await queue.attributes();
      return {
        sends,
        wire: trace.facts,
        items: await dumpTable(stack),
        deaths: await until(() => dumpDeaths(db), { deadlineMs: 10_000, what: "the ledger" }),
        deadLetters: dumpDeadLetters(stack),
        left: visible + inFlight,
        kills: fleet.kills,
        pauses: fleet.pauses(),
        steps: fleet.steps,
        visibilityMs: visibilitySeconds * 1000,
        // In nanoseconds; an answer passes through a turn or two of the loop.
        seenLateMs: WIRE_LATE_MS + (2 * loopDelay.max) / 1e6,
      };
    }

    return {
      stack,
      db,
      drain,
      fleet,
      traffic,
      direct,
      random,
      sends,
      tell,
      log,
      visibilitySeconds,
      setRate,
      setFaults,
      rejectUsers,
      drained,
      faultCounts: () => ({ ...sqs.counts(), ...dynamodb.counts() }),

      /** Pours traffic until `end` is called; that resolves when the last request has its outcome. */
      pour(perSecond: () => number, { producer = direct, next = () => traffic.next(), lanes = 1 }: { producer?: Producer; next?: () => Outgoing; lanes?: number } = {}) {
        const ending = new AbortController();
        const each = () => perSecond() / lanes;
        const running = Promise.all(Array.from({ length: lanes }, () => pour({ producer, next, perSecond: each, signal: ending.signal })));
        return async () => {
          ending.abort();
          await running;
        };
      },

      /** A public API process behind the fault proxy, and a producer that sends through it. */
      async startApi(): Promise<Producer> {
        const apiKey = await makeApiKey({ db, queue: stack.backend.queue });
        const child = startChild({
          args: ["public-api/main.ts"],
          env: { ...env, PUBLIC_API_PORT: "0", AWS_SDK_UA_APP_ID: "api" },
          onEvent: (event) => log.line({ process: "public-api", ...event }),
        });
        release.push(() => child.stop());
        const { port } = await child.event("ready", { deadlineMs: 60_000 });
        const producer = createApiProducer({ ...producerDeps, url: `http://127.0.0.1:${Number(port)}`, apiKey });
        release.push(() => producer.close());
        return producer;
      },

      /** Two public API processes that can be killed, and are started again then; their producer sends until it has an answer. */
      async startKilledApis() {
        const apiKey = await makeApiKey({ db, queue: stack.backend.queue });
        const apis = new Map<string, KilledApi>();
        for (const name of ["api-1", "api-2"]) {
          const api = await startKilledApi({ env: { ...env, AWS_SDK_UA_APP_ID: name }, onEvent: (event) => log.line({ process: name, ...event }) });
          release.push(() => api.close());
          apis.set(name, api);
        }
        onSend = (call) => apis.get(call.client)?.see(call);
        const producer = createRetryingProducer({ ...producerDeps, urls: Array.from(apis.values(), ({ url }) => url), apiKey, random });
        release.push(() => producer.close());
        return { apis: [...apis.values()], producer };
      },

      /**
       * Judges everything so far. Call it with faults gone and the queue drained.
       * @param drainSeconds what `drained` gave. @param judgeRedo false where standing faults held the redo up.
       */
      async judge({ drainSeconds, judgeRedo = true, extra = {}, broken = [] }: { drainSeconds: number | null; judgeRedo?: boolean; extra?: Record<string, number>; broken?: string[] }): Promise<RunReport> {
        const seen = await facts();
        const { figures, broken: promises, findings } = judge(seen, {
          redoLimitSeconds: judgeRedo ? visibilitySeconds + redoMarginSeconds : null,
          pushes: webhook ? await receiver.pushes() : null,
        });
        log.line({ event: "dump", items: seen.items, deaths: seen.deaths, deadLetters: seen.deadLetters, left: seen.left });
        for (const fact of seen.wire) log.line({ event: "wire", ...fact });
        log.line({ event: "findings", seenLateMs: seen.seenLateMs, ...findings });
        const faults = fleet.faults.length > 0 ? [`workerFaults: ${fleet.faults.length} (${fleet.faults[0]})`] : [];
        return {
          name,
          figures: { ...figures, workerFaults: fleet.faults.length, drainSeconds: drainSeconds === null ? -1 : Math.round(drainSeconds * 100) / 100, ...extra },
          violations: [...promises, ...faults, ...broken],
          log: log.path,
        };
      },

      /** Ends everything. @param keepLog keeps the log, for a run that broke a promise. */
      async close(keepLog: boolean): Promise<void> {
        setFaults([]);
        await release.run();
        await log.close(keepLog);
      },
    };
  } catch (error) {
    await release.run().catch(() => undefined);
    await log.close(false);
    throw error;
  }
}
