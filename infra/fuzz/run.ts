import { setTimeout as sleep } from "node:timers/promises";
import { releasers } from "#infra/start/releasers.ts";
import { makeApiKey } from "#infra/testing/api-key.ts";
import { type Stack, startStack } from "#infra/testing/stack.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createDrainStore } from "#lib/gateways/drain-store.ts";
import { createSqsQueue } from "#lib/gateways/sqs-queue.ts";
import { startApiProcess } from "./api-process.ts";
import { makeBodies } from "./bodies.ts";
import { crashOf, faultsAtEnd, leftOf, type Part, stallOf } from "./checks.ts";
import { createJudge, type Violation, violationLine } from "./judge.ts";
import type { Sent } from "./oracle.ts";
import { createSender } from "./send.ts";
import { storedContents } from "./stored.ts";
import { startWorkerProcess } from "./worker-process.ts";

const CONNECTIONS = 8;
/** Bodies made at a time; making them keeps this thread, and the stand-ins with it, busy. */
const CHUNK = 200;
/** Neither the table nor the dial is to hold the workers back. */
const TABLE_UNITS = 40_000;
/** Longest time in which the queue gets no shorter at the end, milliseconds. */
const STANDSTILL_MS = 60_000;
const LOOK_EVERY_MS = 100;
const LOOKS_WHEN_EMPTY = 3;
const TELL_EVERY_MS = 15_000;
/** Violations after which a run ends: more tell no more. */
const MOST_VIOLATIONS = 50;
/** Violations told in full as they are found. */
const TOLD = 20;

type Log = (line: string) => void;

export interface FuzzReport {
  figures: Record<string, number>;
  violations: Violation[];
}

async function openTheTap({ db, queue }: { db: Db; queue: string }): Promise<void> {
  const drain = createDrainStore({ db, queue });
  await drain.ensure();
  const { version } = await drain.read();
  const { outcome } = await drain.change({ rateWcuPerSecond: TABLE_UNITS, expectedVersion: version, actor: "fuzz" });
  if (outcome !== "changed") throw new Error(`the drain rate was not set: ${outcome}`);
}

/** Messages in a queue, those in hand counted. */
async function depthOf(stack: Stack, queueUrl: string): Promise<number> {
  const { visible, inFlight, delayed } = await createSqsQueue({ client: stack.clients.sqs, queueUrl }).attributes();
  return visible + inFlight + delayed;
}

/** Waits until the queue is empty and stays so, or gets no shorter any more. @returns messages left in it. */
async function drained(stack: Stack, log: Log): Promise<number> {
  let [least, leastAt, toldAt, empty] = [Infinity, performance.now(), performance.now(), 0];
  for (;;) {
    const left = await depthOf(stack, stack.backend.queueUrl);
    const now = performance.now();
    if (left < least) [least, leastAt] = [left, now];
    empty = left === 0 ? empty + 1 : 0;
    if (empty >= LOOKS_WHEN_EMPTY || now - leastAt > STANDSTILL_MS) return left;
    if (now - toldAt > TELL_EVERY_MS) {
      toldAt = now;
      log(`${left} messages left in the queue`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/**
 * Sends random bodies to the real public API over the embedded backends, lets real workers store what it queued, and
 * holds its answers against the table.
 * @param workers how many processes drain the queue side by side.
 * @param log gets a line now and then.
 */
export async function fuzz({ bodies, seed, workers: workerCount = 2, log = () => undefined }: { bodies: number; seed: number; workers?: number; log?: Log }): Promise<FuzzReport> {
  const release = releasers();
  let told = 0;
  const judge = createJudge((violation) => {
    if ((told += 1) <= TOLD) log(violationLine(violation));
  });
  const faults = (found: readonly (Violation | null)[]) => found.forEach((fault) => fault && judge.fault(fault));
  try {
    const stack = release.add(await startStack({ tableWriteUnits: TABLE_UNITS, tableReadUnits: TABLE_UNITS }));
    const { queue, deadLetterQueueUrl } = stack.backend;
    const db = openDb({ databaseUrl: stack.backend.databaseUrl, applicationName: "fuzz", poolSize: 1 });
    release.push(() => db.$disconnect());
    await openTheTap({ db, queue });
    const apiKey = await makeApiKey({ db, queue });
    const api = await startApiProcess(stack.env);
    release.push(() => api.stop());
    const workers = await Promise.all(
      Array.from({ length: workerCount }, async (_, n) => {
        const worker = await startWorkerProcess(`worker ${n + 1}`, stack.env);
        release.push(() => worker.stop());
        return worker;
      }),
    );
    const sender = createSender({ port: api.port, apiKey, connections: CONNECTIONS });
    release.push(() => sender.close());
    const processes = [api, ...workers];
    const seen = () => processes.map((one) => ({ name: one.name, errors: one.errors, ended: one.ended() }));

    let clock = 0;
    async function sendAll(sent: readonly Sent[], first: number): Promise<void> {
      let next = 0;
      const lane = async () => {
        for (let index = next++; index < sent.length; index = next++) {
          const one = sent[index];
          if (!one) continue;
          const asked = (clock += 1);
          const answer = await sender.send(one);
          judge.answered(first + index, one, answer, { asked, answered: (clock += 1) });
        }
      };
      await Promise.all(Array.from({ length: CONNECTIONS }, lane));
    }

    const startedAt = performance.now();
    let [longestGapMs, busiestGapMs] = [0, 0];
    await api.gaps(); // Its start does not count.
    for (let first = 0; first < bodies; first += CHUNK) {
      const sent = makeBodies({ seed: seed + first, count: Math.min(CHUNK, bodies - first), first });
      await sendAll(sent, first);
      const part: Part = { first, last: first + sent.length - 1 };
      const crashes = seen().flatMap((one) => crashOf(one, part) ?? []);
      faults(crashes);
      if (crashes.length > 0) break;
      const gaps = await api.gaps();
      longestGapMs = Math.max(longestGapMs, gaps.longestMs);
      busiestGapMs = Math.max(busiestGapMs, gaps.busiestMs);
      faults([stallOf(gaps, part)]);
      if (judge.violations().length >= MOST_VIOLATIONS) break;
      if ((first / CHUNK) % 25 === 24) {
        log(`${judge.counts.requests} bodies, ${judge.counts.accepted} activities accepted, ${await depthOf(stack, stack.backend.queueUrl)} messages in the queue, ${judge.violations().length} violations`);
      }
    }
    const sentAt = performance.now();

    await api.stop();
    faults(leftOf({ left: await drained(stack, log), deadLetters: await depthOf(stack, deadLetterQueueUrl) }));
    await Promise.all(workers.map((worker) => worker.stop()));
    faults(seen().flatMap(faultsAtEnd));
    for await (const page of storedContents(stack)) for (const content of page) judge.found(content);
    const violations = judge.verdict();
    const seconds = (from: number) => Math.round((performance.now() - from) / 1000);
    const statuses = Object.fromEntries(Object.entries(judge.byStatus).map(([status, count]) => [`status${status}`, count]));
    return {
      figures: {
        ...judge.counts,
        replaced: judge.replaced(),
        stored: judge.stored(),
        ...statuses,
        longestGapMs: Math.round(longestGapMs),
        busiestGapMs: Math.round(busiestGapMs),
        seconds: seconds(startedAt),
        secondsAfterSending: seconds(sentAt),
        seed,
        violations: violations.length,
      },
      violations,
    };
  } finally {
    await release.run();
  }
}
