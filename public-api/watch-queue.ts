import type { OutgoingMessage } from "#lib/gateways/sqs-queue.ts";
import type { SendOutcome } from "#lib/services/activity/ingest-batcher.ts";
import type { Log } from "./log.ts";

type Send = (messages: readonly OutgoingMessage[]) => Promise<SendOutcome>;

/** Logs once when the queue stops answering and once when it answers again. */
export function watchQueue(send: Send, log: Log): Send {
  let away = false;
  return async (messages) => {
    const outcome = await send(messages);
    if (outcome.kind === "answered") {
      if (away) log("info", "queue_answers_again");
      away = false;
    } else {
      if (!away) log("warn", "queue_does_not_answer", { outcome: outcome.kind, reason: outcome.reason });
      away = true;
    }
    return outcome;
  };
}
