import type { Activity } from "#lib/contracts/activity.ts";
import type { Verdict } from "#lib/contracts/ingest.ts";
import { type ActivityMessage, MESSAGE_VERSION } from "#lib/contracts/message.ts";
import { deduplicationId, userHash } from "#lib/domain/activity-key.ts";
import type { OutgoingMessage } from "#lib/gateways/sqs-queue.ts";
import type { Batcher, SendVerdict } from "./ingest-batcher.ts";
import type { ActivityFault, Normalised } from "./ingest-normalise.ts";
import { inSlices, readJson, readLines } from "./ingest-read.ts";

export interface IngestContext {
  batcher: Pick<Batcher, "submit">;
  now: () => number;
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

/** What became of a request: a verdict per activity, or a body that holds no activities to judge. */
export type IngestOutcome =
  | { kind: "judged"; results: Verdict[]; faults: ActivityFault[] }
  | { kind: "malformed"; message: string }
  | { kind: "empty" }
  | { kind: "too_many"; count: number };

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
  const acceptedAt = new Date(ctx.now()).toISOString();
  const valid = body.activities.flatMap((one) => (one.kind === "valid" ? [one.activity] : []));
  const sent = await ctx.batcher.submit(
    valid.map((activity) => toMessage(activity, acceptedAt)),
    input.deadlineAt,
  );
  const verdicts = sent.values();
  const results = body.activities.map((one): Verdict => {
    if (one.kind === "invalid") return refusal(one);
    return toVerdict(one.activity, verdicts.next().value ?? { status: "unknown", reason: "it has no verdict" });
  });
  return { kind: "judged", results, faults: body.activities.flatMap((one) => (one.kind === "invalid" ? one.faults : [])) };
}
