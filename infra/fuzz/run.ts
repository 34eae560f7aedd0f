import { randomUUID } from "node:crypto";
import { makeApiKey } from "#infra/testing/api-key.ts";
import { startStack } from "#infra/testing/stack.ts";
import { parseMessageBody } from "#lib/contracts/message.ts";
import { openDb } from "#lib/gateways/db.ts";
import { createSqsQueue, type SqsQueue } from "#lib/gateways/sqs-queue.ts";
import { startApiProcess } from "./api-process.ts";
import { makeBodies } from "./bodies.ts";
import { createJudge, type Judge, type Violation, violationLine } from "./judge.ts";
import { createSender } from "./send.ts";

const CONNECTIONS = 8;
const RECEIVERS = 4;
/** Bodies made at a time; making them keeps this thread, and the stand-ins with it, busy. */
const CHUNK = 200;
/** Longest step of the API's event loop, milliseconds of its own work. */
export const STALL_MS = 100;
/** Longest wait for the queue to run empty at the end, milliseconds. */
const DRAIN_MS = 60_000;
/** Violations after which a run ends: more tell no more. */
const MOST_VIOLATIONS = 50;
/** Violations told in full as they are found. */
const TOLD = 20;

export interface FuzzReport {
  figures: Record<string, number>;
  violations: Violation[];
}

/** Takes everything off the queue until told to stop and all that was accepted is there, or no more comes. */
async function receive(queue: SqsQueue, judge: Judge, stopping: () => number | null): Promise<void> {
  for (;;) {
    const messages = await queue.receive({ maxMessages: 10, waitSeconds: 1, visibilitySeconds: 120, attemptId: randomUUID() });
    for (const { body } of messages) {
      const parsed = parseMessageBody(body);
      if (parsed.kind !== "activity") {
        judge.fault("unexpected", `a message that no worker can read: ${parsed.error}`);
        continue;
      }
      const { id, userId, type, occurredAt, sessionId = null, source = null, properties = null } = parsed.message.activity;
      judge.found({ id, userId, type, occurredAt, sessionId, source, properties });
    }
    if (messages.length > 0) await queue.deleteBatch(messages.map((message) => message.receiptHandle));
    const stoppedAt = stopping();
    // One more empty look after the last request: what should not be there must have its chance to turn up.
    if (messages.length === 0 && stoppedAt !== null && (judge.missing() === 0 || performance.now() - stoppedAt > DRAIN_MS)) return;
  }
}

/**
 * Sends random bodies to the real public API over the embedded backends, and holds its answers against the queue.
 * @param log gets a line now and then.
 */
export async function fuzz({ bodies, seed, log = () => undefined }: { bodies: number; seed: number; log?: (line: string) => void }): Promise<FuzzReport> {
  const stack = await startStack();
  const db = openDb({ databaseUrl: stack.backend.databaseUrl, applicationName: "fuzz", poolSize: 1 });
  let told = 0;
  const judge = createJudge((violation) => {
    if ((told += 1) <= TOLD) log(violationLine(violation));
  });
  try {
    const apiKey = await makeApiKey({ db, queue: stack.backend.queue });
    const api = await startApiProcess(stack.env);
    const sender = createSender({ port: api.port, apiKey, connections: CONNECTIONS });
    try {
      const queue = createSqsQueue({ client: stack.clients.sqs, queueUrl: stack.backend.queueUrl });
      let stoppedAt: number | null = null;
      const receiving = Promise.all(Array.from({ length: RECEIVERS }, () => receive(queue, judge, () => stoppedAt)));
      const startedAt = performance.now();
      let [longestGapMs, busiestGapMs] = [0, 0];
      await api.gaps(); // Its start does not count.

      for (let first = 0; first < bodies; first += CHUNK) {
        const sent = makeBodies({ seed: seed + first, count: Math.min(CHUNK, bodies - first), first });
        let next = 0;
        const sendAll = async () => {
          for (let index = next++; index < sent.length; index = next++) {
            const one = sent[index];
            if (one) judge.answered(first + index, one, await sender.send(one));
          }
        };
        await Promise.all(Array.from({ length: CONNECTIONS }, sendAll));
        const end = api.ended();
        if (end !== null) {
          judge.fault("crash", `the public API ended with ${end} within requests ${first} to ${first + sent.length - 1}: ${api.errors.at(-1) ?? ""}`);
          break;
        }
        const { longestMs, busiestMs } = await api.gaps();
        longestGapMs = Math.max(longestGapMs, longestMs);
        busiestGapMs = Math.max(busiestGapMs, busiestMs);
        if (busiestMs > STALL_MS) judge.fault("stall", `a step of ${Math.round(busiestMs)} ms within requests ${first} to ${first + sent.length - 1}`);
        if (judge.violations().length >= MOST_VIOLATIONS) break;
        if ((first / CHUNK) % 25 === 24) log(`${judge.counts.requests} bodies, ${judge.counts.accepted} activities accepted, ${judge.violations().length} violations`);
      }
      const seconds = (performance.now() - startedAt) / 1000;
      stoppedAt = performance.now();
      await receiving;
      for (const line of api.errors) judge.fault("crash", `the public API logged: ${line.slice(0, 500)}`);
      const violations = judge.verdict();
      const statuses = Object.fromEntries(Object.entries(judge.byStatus).map(([status, count]) => [`status${status}`, count]));
      return {
        figures: {
          ...judge.counts,
          queued: judge.queued(),
          ...statuses,
          longestGapMs: Math.round(longestGapMs),
          busiestGapMs: Math.round(busiestGapMs),
          seconds: Math.round(seconds),
          seed,
          violations: violations.length,
        },
        violations,
      };
    } finally {
      sender.close();
      await api.stop();
    }
  } finally {
    await db.$disconnect();
    await stack.close();
  }
}
