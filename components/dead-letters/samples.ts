import type { DeadLetter, DeadLetterDetail, RedriveReceipt } from "#lib/contracts/dead-letters.ts";

/** A UUID that is plain to read in a failed test. */
function uuid(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

/** An open death for tests; `over` changes it. */
export function deadLetter(number: number, over: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id: uuid(number),
    messageId: uuid(10_000 + number),
    userId: `user-${number}`,
    activityId: `activity-${number}`,
    type: "page.view",
    occurredAt: "2026-01-31T11:59:00.000Z",
    reason: "handler_failed",
    error: "TimeoutError: the table did not answer",
    attempts: 5,
    worker: "worker-1",
    sentAt: "2026-01-31T12:00:00.000Z",
    firstFailedAt: "2026-01-31T12:00:10.000Z",
    lastFailedAt: "2026-01-31T12:01:00.000Z",
    diedAt: "2026-01-31T12:01:01.000Z",
    status: "open",
    resolvedAt: null,
    awaitingSweep: false,
    redrive: null,
    redrivenFrom: null,
    ...over,
  };
}

/** The same with body and history. */
export function deadLetterDetail(number: number, over: Partial<DeadLetterDetail> = {}): DeadLetterDetail {
  return {
    ...deadLetter(number),
    maskedBody: '{"secret":"(string)","big":"(number)"}',
    bodyBytes: 56,
    history: [{ at: "2026-01-31T12:00:10.000Z", worker: "worker-1", reason: "handler_failed", error: "TimeoutError: first try" }],
    ...over,
  };
}

/** A running receipt of three: one stored, one bounced, one sent. */
export function sampleReceipt(): RedriveReceipt {
  const item = { userId: "user-1", sentAt: "2026-01-31T12:10:00.000Z", resolvedAt: null, bouncedDeathId: null };
  return {
    id: uuid(500),
    actor: "operator",
    reason: "The table is back",
    selected: 3,
    state: "running",
    createdAt: "2026-01-31T12:09:00.000Z",
    finishedAt: null,
    counts: { pending: 0, sent: 1, stored: 1, bounced: 1 },
    items: [
      { ...item, deathId: uuid(1), activityId: "activity-1", state: "stored", resolvedAt: "2026-01-31T12:10:05.000Z" },
      { ...item, deathId: uuid(2), activityId: "activity-2", state: "bounced", bouncedDeathId: uuid(77), bouncedReason: "rejected_by_table", bouncedError: "too large" },
      { ...item, deathId: uuid(3), activityId: "activity-3", state: "sent" },
    ],
  };
}
