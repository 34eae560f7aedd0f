import { deduplicationId } from "#lib/domain/activity-key.ts";
import type { SqsQueue } from "#lib/gateways/sqs-queue.ts";
import { sleep } from "#worker/clock.ts";
import type { Host } from "./host.ts";
import type { Fact, SendOutcome } from "./log.ts";
import { bodyOf, type PlannedActivity } from "./plan.ts";

const SEND_LIMIT_MS = 5_000;

/** Whether the failed send surely had no effect: all else is unknown. */
function neverSent(thrown: unknown): boolean {
  return (thrown as { code?: string }).code === "ECONNREFUSED";
}

/**
 * Producers with the public API between them and the queue: each user's activities one after another, the next one
 * only once the one before has its outcome. Retries keep the deduplication id, as the API's do.
 * @returns resolves when the last outcome is known.
 */
export async function runProducers({
  users,
  host,
  queue,
  log,
}: {
  users: readonly { userId: string; activities: readonly PlannedActivity[] }[];
  host: Host;
  queue: Pick<SqsQueue, "sendBatch">;
  log: (fact: Fact) => void;
}): Promise<void> {
  const { clock } = host;

  async function send(activity: PlannedActivity): Promise<SendOutcome> {
    const { id, userId, occurredAt, properties, groupId } = activity;
    const message = { groupId, body: bodyOf(activity), deduplicationId: deduplicationId({ id, userId, type: "t", occurredAt, properties }) };
    const limit = new AbortController();
    const cancel = clock.setTimer(() => limit.abort(), SEND_LIMIT_MS);
    try {
      const [result] = await queue.sendBatch([message], { signal: limit.signal });
      return result?.ok === true ? "ok" : "refused";
    } catch (thrown) {
      return neverSent(thrown) ? "refused" : "unknown";
    } finally {
      cancel();
    }
  }

  async function produce(activity: PlannedActivity, okBefore: string | null): Promise<SendOutcome> {
    const { id, groupId, kind } = activity;
    log({ fact: "intent", id, groupId, kind, okBefore });
    let unknown = false;
    for (let tries = 0; tries <= activity.retries; tries += 1) {
      if (tries > 0) await sleep(clock, activity.retryAfterMs);
      const outcome = await send(activity);
      if (outcome === "ok") return "ok";
      unknown ||= outcome === "unknown";
    }
    return unknown ? "unknown" : "refused";
  }

  const again: Promise<unknown>[] = [];
  await Promise.all(
    users.map(async ({ activities }) => {
      let okBefore: string | null = null;
      for (const activity of activities) {
        await sleep(clock, activity.pauseMs);
        const outcome = await produce(activity, okBefore);
        log({ fact: "outcome", id: activity.id, outcome });
        if (outcome !== "ok") continue;
        okBefore = activity.id;
        if (activity.againAfterMs !== null) again.push(sleep(clock, activity.againAfterMs).then(() => send(activity)));
      }
    }),
  );
  await Promise.all(again);
}
