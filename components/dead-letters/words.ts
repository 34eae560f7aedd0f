import type { CappedCount, DeadLetter, DeathReason, DeathStatus, RedriveItemState, RedriveRefusal } from "#lib/contracts/dead-letters.ts";
import type { TagTone } from "#components/ui/tag.tsx";

/** Each reason in a few words, and what it means for whoever must act on it. */
export const REASONS: Readonly<Record<DeathReason, { label: string; meaning: string }>> = {
  malformed: {
    label: "Unreadable body",
    meaning: "The body cannot be parsed, so it died at once. A redrive sends the same body and will bounce unless the worker has been changed to read it.",
  },
  unknown_version: {
    label: "Unknown version",
    meaning: "The body is of a version that the worker did not know. Redrive it once workers that know the version are running.",
  },
  rejected_by_table: {
    label: "Refused by the table",
    meaning: "DynamoDB refuses the item itself, by its size or content. A redrive bounces until that changes.",
  },
  handler_failed: {
    label: "Failed every attempt",
    meaning: "Storing it failed as often as is allowed. If the cause is gone, a redrive will store it.",
  },
  webhook_refused: {
    label: "Refused by the webhook",
    meaning: "It is in the table, but the webhook’s receiver refuses it. A redrive stores it again, as the same item, and pushes it again: fix the receiver first.",
  },
  webhook_failed: {
    label: "Webhook failed",
    meaning: "It is in the table, but the webhook could not be reached or kept failing. Once it answers again, a redrive pushes what is missing.",
  },
  process_killer: {
    label: "Killed the worker",
    meaning: "Handled alone, it ended the worker process as often as is allowed. Redrive it only after the cause is fixed.",
  },
  native_backstop: {
    label: "Received too often",
    meaning: "SQS itself moved it here, after more receives than its limit. It was filed from the dead-letter queue.",
  },
};

/** What stands as the state of a death: a redrive under way says more than "open". */
export function statusWords({ status, redrive }: Pick<DeadLetter, "status" | "redrive">): { label: string; tone: TagTone; meaning: string } {
  if (status === "stored") return { label: "Stored", tone: "ok", meaning: "Redriven, and its activity is in the table." };
  if (status === "bounced") return { label: "Bounced", tone: "bad", meaning: "Redriven, and it died again: the new death has its own row." };
  if (redrive?.state === "pending") return { label: "Redrive pending", tone: "busy", meaning: "Part of a redrive run; not sent yet." };
  if (redrive?.state === "sent") return { label: "Redrive sent", tone: "busy", meaning: "Sent to the back of its user’s queue; not stored yet." };
  return { label: "Open", tone: "neutral", meaning: "Nobody has redriven it." };
}

export const ITEM_STATES: Readonly<Record<RedriveItemState, { label: string; tone: TagTone }>> = {
  pending: { label: "Pending", tone: "neutral" },
  sent: { label: "Sent", tone: "busy" },
  stored: { label: "Stored", tone: "ok" },
  bounced: { label: "Bounced", tone: "bad" },
};

export const STATUS_FILTERS: readonly { value: DeathStatus | "all"; label: string }[] = [
  { value: "open", label: "Open" },
  { value: "stored", label: "Stored" },
  { value: "bounced", label: "Bounced" },
  { value: "all", label: "All" },
];

export const REFUSALS: Readonly<Record<RedriveRefusal["why"], string>> = {
  not_found: "no longer in the ledger",
  already_resolved: "already stored or bounced",
  under_way: "already under way in another run",
};

const whole = new Intl.NumberFormat("en-US");

/** `1,234`, or `10,000+` where counting stopped. */
export function countText({ value, capped }: CappedCount): string {
  return `${whole.format(value)}${capped ? "+" : ""}`;
}

/** `1 dead letter`, `3 dead letters`. */
export function deadLetters(count: number): string {
  return `${whole.format(count)} dead letter${count === 1 ? "" : "s"}`;
}

/** What a person calls it: the activity id, else the message id. */
export function nameOf({ activityId, messageId }: Pick<DeadLetter, "activityId" | "messageId">): string {
  return activityId ?? messageId;
}
