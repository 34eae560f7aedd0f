import type { WebhookConfig } from "#lib/config/sinks.ts";
import type { Activity } from "#lib/contracts/activity.ts";
import { retryDelayMs } from "#lib/domain/backoff.ts";
import { type Webhook, WEBHOOK_SOCKETS } from "#lib/gateways/webhook.ts";
import { type Clock, sleep } from "#worker/clock.ts";
import type { Push, PushResult, Sink } from "./sink.ts";

/** Tries in place, before the message waits for its turn again. */
const TRIES = 3;
/** A try that has less time than this is not begun. */
const LEAST_TRY_MS = 200;

/** The activity as JSON; `properties` goes in as the text it came as, so that numbers and key order survive. */
export function webhookBody({ activity, acceptedAt }: Pick<Push, "activity" | "acceptedAt">): string {
  const { properties, ...rest } = activity;
  const text = JSON.stringify({ acceptedAt, activity: rest });
  return properties === undefined || !isObject(properties) ? text : `${text.slice(0, -2)},"properties":${properties}}}`;
}

/** Text that an edit by hand left unreadable must not break the body around it. */
function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Posts each activity to one URL. */
export function createWebhookSink({
  webhook,
  config,
  longestMs,
  clock,
  random,
}: {
  webhook: Webhook;
  config: Pick<WebhookConfig, "timeoutMs">;
  longestMs: number;
  clock: Clock;
  random: () => number;
}): Sink {
  const headersOf = ({ id }: Activity, idempotencyKey: string) => ({ "idempotency-key": idempotencyKey, "spillway-activity-id": id });

  return {
    name: "webhook",
    longestMs,
    atOnce: WEBHOOK_SOCKETS,
    failure: "webhook_failed",
    async push(push, signal): Promise<PushResult> {
      const endMs = clock.monotonic() + longestMs;
      const request = { body: webhookBody(push), headers: headersOf(push.activity, push.idempotencyKey) };
      let error = "";
      for (let tries = 1; ; tries += 1) {
        const answer = await webhook.post(request, signal);
        switch (answer.kind) {
          case "accepted":
            return { kind: "pushed" };
          case "refused":
            return { kind: "failed", reason: "webhook_refused", error: answer.error };
          case "later":
            return { kind: "later", retryInMs: answer.retryAfterMs, error: answer.error };
          case "failed":
            error = answer.error;
            break;
          default:
            answer satisfies never;
        }
        const waitMs = retryDelayMs(tries, random());
        const enough = endMs - clock.monotonic() - waitMs >= Math.max(LEAST_TRY_MS, config.timeoutMs);
        if (tries >= TRIES || !enough || signal.aborted) return { kind: "failed", reason: "webhook_failed", error };
        await sleep(clock, waitMs, signal);
      }
    },
    close: () => webhook.close(),
  };
}
