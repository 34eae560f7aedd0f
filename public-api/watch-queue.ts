import type { OutgoingMessage } from "#lib/gateways/sqs-queue.ts";
import type { SendOutcome } from "#lib/services/activity/ingest-batcher.ts";
import type { Log } from "./log.ts";

type Send = (messages: readonly OutgoingMessage[]) => Promise<SendOutcome>;

/** Pause between two lines about the same code, milliseconds: under load every call may have such an entry. */
const SAME_CODE_MS = 60_000;

/**
 * Logs once when the queue stops answering and once when it answers again, and what it says of entries that it did not
 * take: only here do AWS's own words stand.
 * @param now monotonic milliseconds.
 */
export function watchQueue(send: Send, log: Log, now: () => number = () => performance.now()): Send {
  let away = false;
  const lastSaidAt = new Map<string, number>();

  function sayEntries({ results }: Extract<SendOutcome, { kind: "answered" }>): void {
    for (const result of results) {
      if (result.ok || now() - (lastSaidAt.get(result.code) ?? Number.NEGATIVE_INFINITY) < SAME_CODE_MS) continue;
      lastSaidAt.set(result.code, now());
      log("warn", "queue_did_not_take", { code: result.code, message: result.message, senderFault: result.senderFault });
    }
  }

  return async (messages) => {
    const outcome = await send(messages);
    if (outcome.kind === "answered") {
      if (away) log("info", "queue_answers_again");
      away = false;
      sayEntries(outcome);
    } else {
      if (!away) log("warn", "queue_does_not_answer", { outcome: outcome.kind, reason: outcome.reason, detail: outcome.detail });
      away = true;
    }
    return outcome;
  };
}
