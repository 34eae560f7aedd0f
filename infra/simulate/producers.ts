import { deduplicationId } from "#lib/domain/activity-key.ts";
import type { SqsQueue } from "#lib/gateways/sqs-queue.ts";
import { createBatcher, type SendVerdict } from "#lib/services/activity/ingest-batcher.ts";
import { queueSender } from "#lib/services/activity/ingest-send.ts";
import { sleep } from "#worker/clock.ts";
import type { Host } from "./host.ts";
import type { Fact, SendOutcome } from "./log.ts";
import { bodyOf, type PlannedActivity } from "./plan.ts";

const SEND_LIMIT_MS = 5_000;
/** Most activities of one request. */
const REQUEST_ACTIVITIES = 12;

function outcomeOf({ status }: SendVerdict): SendOutcome {
  if (status === "accepted") return "ok";
  return status === "unknown" ? "unknown" : "refused";
}

/** A user's activities as requests: those without a pause between them go together. */
function requestsOf(activities: readonly PlannedActivity[]): PlannedActivity[][] {
  const requests: PlannedActivity[][] = [];
  for (const activity of activities) {
    const last = requests.at(-1);
    if (last && activity.pauseMs === 0 && last.length < REQUEST_ACTIVITIES) last.push(activity);
    else requests.push([activity]);
  }
  return requests;
}

/**
 * Producers, and the public API's batcher between them and the queue: each user's requests one after another, the next
 * one only once the one before has its verdicts. Retries keep the ids of the activities that were not accepted.
 * @returns resolves when the last outcome is known.
 */
export async function runProducers({
  users,
  host,
  queue,
  random,
  log,
}: {
  users: readonly { userId: string; activities: readonly PlannedActivity[] }[];
  host: Host;
  queue: Pick<SqsQueue, "sendBatch">;
  random: () => number;
  log: (fact: Fact) => void;
}): Promise<void> {
  const { clock } = host;
  const batcher = createBatcher({
    send: queueSender(queue),
    clock: { now: clock.now, after: (delayMs, action) => clock.setTimer(action, delayMs) },
    random,
  });

  function send(activities: readonly PlannedActivity[]): Promise<SendVerdict[]> {
    const messages = activities.map((activity) => {
      const { id, userId, occurredAt, properties, groupId } = activity;
      return { groupId, body: bodyOf(activity), deduplicationId: deduplicationId({ id, userId, type: "t", occurredAt, properties }) };
    });
    return batcher.submit(messages, clock.now() + SEND_LIMIT_MS);
  }

  /** Sends until all are accepted or its patience is over. @returns the outcome of each. */
  async function produce(request: readonly PlannedActivity[]): Promise<SendOutcome[]> {
    const outcomes = new Map<PlannedActivity, SendOutcome>();
    const [first] = request;
    for (let tries = 0; tries <= (first?.retries ?? 0); tries += 1) {
      const left = request.filter((activity) => outcomes.get(activity) !== "ok");
      if (left.length === 0) break;
      if (tries > 0) await sleep(clock, first?.retryAfterMs ?? 0);
      const verdicts = await send(left);
      if (tries === 0) {
        const inOrder = request.filter((_, position) => verdicts[position]?.status === "accepted" && !verdicts[position].outOfOrder);
        log({ fact: "answered", inOrder: inOrder.map(({ id }) => id) });
      }
      for (const [position, activity] of left.entries()) {
        const verdict = verdicts[position];
        const outcome = verdict ? outcomeOf(verdict) : "unknown";
        // Unknown once is unknown for ever, unless it is accepted after all.
        if (outcome === "ok" || outcomes.get(activity) !== "unknown") outcomes.set(activity, outcome);
      }
    }
    return request.map((activity) => outcomes.get(activity) ?? "unknown");
  }

  const again: Promise<unknown>[] = [];
  await Promise.all(
    users.map(async ({ activities }) => {
      for (const request of requestsOf(activities)) {
        await sleep(clock, request[0]?.pauseMs ?? 0);
        for (const { id, groupId, kind } of request) log({ fact: "intent", id, groupId, kind });
        const outcomes = await produce(request);
        for (const [position, activity] of request.entries()) {
          const outcome = outcomes[position] ?? "unknown";
          log({ fact: "outcome", id: activity.id, outcome });
          if (outcome === "ok" && activity.againAfterMs !== null) again.push(sleep(clock, activity.againAfterMs).then(() => send([activity])));
        }
      }
    }),
  );
  await Promise.all(again);
}
