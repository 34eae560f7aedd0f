import { createHttpClient } from "#infra/spike/http-client.ts";
import type { Activity } from "#lib/contracts/activity.ts";
import { ingestProblemSchema, ingestResponseSchema, type Verdict } from "#lib/contracts/ingest.ts";
import { MESSAGE_VERSION } from "#lib/contracts/message.ts";
import { deduplicationId, userHash } from "#lib/domain/activity-key.ts";
import type { SqsQueue } from "#lib/gateways/sqs-queue.ts";
import { contentOf, type Kind, type Send } from "./facts.ts";

/** Something to send: an activity, and for a poison the body that goes out in its stead. */
export interface Outgoing {
  activity: Activity;
  kind: Kind;
  body?: string;
}

type Outcome = Pick<Send, "outcome" | "outOfOrder"> & { detail: string };

export interface Producer {
  /** Sends one request of at most ten; never rejects. @returns SQS message ids where they were told. */
  send(outgoing: readonly Outgoing[]): Promise<(string | null)[]>;
  close(): void;
}

export interface ProducerDeps {
  tick: () => number;
  log: (entry: object) => void;
  /** Takes in each send, before it goes out. */
  sends: Send[];
}

let requests = 0;

/** Notes what is about to be sent. */
export function intend({ tick, log, sends }: ProducerDeps, outgoing: readonly Outgoing[]): Send[] {
  requests += 1;
  const askedN = tick();
  const mine = outgoing.map(({ activity, kind }, position): Send => ({
    id: activity.id,
    userId: activity.userId,
    kind,
    content: kind === "malformed" || kind === "unknown_version" ? null : contentOf(activity),
    request: requests,
    position,
    askedN,
    answeredN: null,
    outcome: "unknown",
    outOfOrder: false,
  }));
  sends.push(...mine);
  log({ event: "send", request: requests, ids: mine.map(({ id }) => id) });
  return mine;
}

function settle({ tick, log }: ProducerDeps, mine: readonly Send[], outcomes: readonly Outcome[]): void {
  const n = tick();
  for (const [position, send] of mine.entries()) {
    const outcome = outcomes[position];
    send.answeredN = n;
    send.outcome = outcome?.outcome ?? "unknown";
    send.outOfOrder = outcome?.outOfOrder ?? false;
  }
  log({ event: "sent", request: mine[0]?.request, outcomes: outcomes.map(({ outcome, detail }) => `${outcome} ${detail}`) });
}

/** Straight to SQS, as the public API writes it; the accept names the sequence number. */
export function createDirectProducer(deps: ProducerDeps & { queue: Pick<SqsQueue, "sendBatch"> }): Producer {
  return {
    async send(outgoing) {
      const mine = intend(deps, outgoing);
      try {
        const results = await deps.queue.sendBatch(
          outgoing.map(({ activity, body }) => ({
            groupId: userHash(activity.userId),
            deduplicationId: deduplicationId(activity),
            body: body ?? JSON.stringify({ v: MESSAGE_VERSION, acceptedAt: new Date().toISOString(), activity }),
          })),
        );
        settle(
          deps,
          mine,
          results.map((result) => ({ outcome: result.ok ? "ok" : "refused", outOfOrder: false, detail: result.ok ? result.sequenceNumber : result.code })),
        );
        return results.map((result) => (result.ok ? result.messageId : null));
      } catch (thrown) {
        settle(
          deps,
          mine,
          mine.map(() => ({ outcome: "unknown", outOfOrder: false, detail: String(thrown) })),
        );
        return mine.map(() => null);
      }
    },
    close: () => undefined,
  };
}

function outcomeOf(verdict: Verdict): Outcome {
  switch (verdict.status) {
    case "accepted":
      return { outcome: "ok", outOfOrder: verdict.outOfOrder ?? false, detail: "" };
    case "refused":
    case "not_sent":
      return { outcome: "refused", outOfOrder: false, detail: verdict.reason };
    case "unknown":
      return { outcome: "unknown", outOfOrder: false, detail: verdict.reason };
    default:
      return verdict satisfies never;
  }
}

/** The body of a request to the public API. */
export function bodyOf(outgoing: readonly Outgoing[]): string {
  const activities = outgoing.map(({ activity: { properties, ...activity } }) => ({
    ...activity,
    ...(properties !== undefined && { properties: JSON.parse(properties) as unknown }),
  }));
  return JSON.stringify(activities);
}

/** Through the public API, as a real producer; what it says of each activity is believed. */
export function createApiProducer({ url, apiKey, ...deps }: ProducerDeps & { url: string; apiKey: string }): Producer {
  const client = createHttpClient({ url, maxSockets: 16, apiKey });
  return {
    async send(outgoing) {
      const mine = intend(deps, outgoing);
      const answer = await client.post(bodyOf(outgoing));
      const all = (outcome: Send["outcome"], detail: string) => mine.map((): Outcome => ({ outcome, outOfOrder: false, detail }));
      let outcomes: Outcome[];
      if (answer.kind === "none") outcomes = all(answer.sent ? "unknown" : "refused", answer.reason);
      else {
        const verdicts = readVerdicts(answer.body);
        if (verdicts?.length === mine.length) outcomes = verdicts.map(outcomeOf);
        else outcomes = all(answer.status >= 500 ? "unknown" : "refused", `status ${answer.status}`);
      }
      settle(deps, mine, outcomes);
      return mine.map(() => null);
    },
    close: () => client.close(),
  };
}

function readVerdicts(body: string): Verdict[] | null {
  try {
    const json: unknown = JSON.parse(body);
    return ingestResponseSchema.safeParse(json).data?.results ?? ingestProblemSchema.safeParse(json).data?.results ?? null;
  } catch {
    return null;
  }
}
