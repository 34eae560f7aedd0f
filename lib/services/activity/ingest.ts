import type { Activity } from "#lib/contracts/activity.ts";
import type { Verdict } from "#lib/contracts/ingest.ts";
import { type ActivityMessage, MESSAGE_VERSION } from "#lib/contracts/message.ts";
import { deduplicationId, userHash } from "#lib/domain/activity-key.ts";
import type { OutgoingMessage } from "#lib/gateways/sqs-queue.ts";
import type { Batcher, SendVerdict } from "./ingest-batcher.ts";
import type { IngestProgress, OverCap } from "./ingest-progress.ts";
import type { ActivityFault, Normalised } from "./ingest-normalise.ts";
import { inSlices, readJson, readLines } from "./ingest-read.ts";

export interface IngestContext {
  batcher: Pick<Batcher, "submit">;
  now: () => number;
  /** What is told of each user, and who has too much waiting; without it nothing is, and nobody has. */
  progress?: IngestProgress;
  /** Makes the UUIDv7 of an activity that came without an id; the default is random. */
  makeId?: () => string;
}

export interface IngestInput {
  /** The request's body: JSON text of one activity or an array of them, or a line of JSON for each. */
  text: string;
  /** Absent = `json`. */
  format?: "json" | "ndjson";
  /** Epoch milliseconds by which every verdict is in. */
  deadlineAt: number;
}

/** Activities that were not sent since their users have too much waiting, and when the last of those may come again. */
export interface OverCapped {
  count: number;
  retryAfterSeconds: number;
}

/** What became of a request: a verdict per activity, or a body that holds no activities to judge. */
export type IngestOutcome =
  | { kind: "judged"; results: Verdict[]; faults: ActivityFault[]; overCap?: OverCapped }
  | { kind: "malformed"; message: string }
  | { kind: "empty" }
  | { kind: "too_many"; count: number };

const NO_VERDICT: SendVerdict = { status: "unknown", reason: "it has no verdict" };
/** Of one that follows such a one: when to come again was said already. */
const KEPT: OverCap = { retryAfterSeconds: 0 };
const OVER_CAP: SendVerdict = { status: "not_sent", reason: "this user has as many activities waiting as one user may (user_over_cap)" };

function toMessage(activity: Activity, acceptedAt: string): OutgoingMessage {
  return {
    groupId: userHash(activity.userId),
    deduplicationId: deduplicationId(activity),
    body: JSON.stringify({ v: MESSAGE_VERSION, acceptedAt, activity } satisfies ActivityMessage),
  };
}

function toVerdict({ id, occurredAt }: Activity, sent: SendVerdict): Verdict {
  if (sent.status === "accepted") return { status: "accepted", id, occurredAt, ...(sent.outOfOrder && { outOfOrder: true }) };
  return { status: sent.status, id, reason: sent.reason };
}

/** Only the first fault stands in a verdict; all of them are reported where nothing was accepted. */
function refusal({ id, faults }: Extract<Normalised, { kind: "invalid" }>): Verdict {
  const fault = faults[0];
  return {
    status: "refused",
    ...(id !== undefined && { id }),
    ...(fault && { field: fault.field }),
    reason: fault?.message ?? "is not an activity",
  };
}

/**
 * Takes a request of activities: applies the contract to each and queues those that keep it, one user's in the order
 * they stand. "accepted" means that SQS has it. Never throws for what a producer sent.
 */
export async function ingest({ ctx, input }: { ctx: IngestContext; input: IngestInput }): Promise<IngestOutcome> {
  const read = input.format === "ndjson" ? readLines : readJson;
  const body = await inSlices(read(input.text, ctx.makeId));
  if (body.kind !== "activities") return body;
  const acceptedAtMs = ctx.now();
  const acceptedAt = new Date(acceptedAtMs).toISOString();
  const messages: OutgoingMessage[] = [];
  /** Not sent: over the cap; and their users, of whom nothing that follows in this request may be let in any more. */
  const kept = new Set<Activity>();
  const keptUsers = new Set<string>();
  let retryAfterSeconds = 0;
  for (const one of body.activities) {
    if (one.kind === "invalid") continue;
    const message = toMessage(one.activity, acceptedAt);
    const { groupId } = message;
    const over = keptUsers.has(groupId) ? KEPT : (ctx.progress?.admit(groupId) ?? null);
    if (over === null) {
      messages.push(message);
      continue;
    }
    kept.add(one.activity);
    keptUsers.add(groupId);
    retryAfterSeconds = Math.max(retryAfterSeconds, over.retryAfterSeconds);
  }
  const sent = await ctx.batcher.submit(messages, input.deadlineAt, (position, verdict) => {
    const message = messages[position];
    if (message) ctx.progress?.ended(message.groupId, verdict, acceptedAtMs);
  });
  const verdicts = sent.values();
  const results = body.activities.map((one): Verdict => {
    if (one.kind === "invalid") return refusal(one);
    return toVerdict(one.activity, kept.has(one.activity) ? OVER_CAP : (verdicts.next().value ?? NO_VERDICT));
  });
  const faults = body.activities.flatMap((one) => (one.kind === "invalid" ? one.faults : []));
  return { kind: "judged", results, faults, ...(kept.size > 0 && { overCap: { count: kept.size, retryAfterSeconds } }) };
}
