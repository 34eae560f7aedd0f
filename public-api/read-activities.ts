import type { IncomingMessage, ServerResponse } from "node:http";
import { readUserIdSchema } from "#lib/contracts/activity-read.ts";
import type { IngestProblem } from "#lib/contracts/ingest.ts";
import type { ReadBudget } from "#lib/services/activity/read-budget.ts";
import { read, type ReadContext } from "#lib/services/activity/read.ts";
import { activitiesJson } from "#lib/services/activity/read-json.ts";
import type { Admission } from "./admission.ts";
import type { KeyRate } from "./key-rate.ts";
import { problems } from "./problems.ts";
import { type QuotaState, rateLimitHeaders } from "./rate-limit-headers.ts";
import { readActivityQuery } from "./read-query.ts";
import { type Headers, refuseUnread, respondText } from "./respond.ts";
import { retryLater } from "./take-body.ts";

/** What an answer under way is counted as, bytes; most are far smaller, few are larger. */
const ANSWER_BYTES = 128 * 1024;
/** Seconds a reader is told to wait while the table or PostgreSQL is away. */
const AWAY_RETRY_SECONDS = 5;

export interface ReadActivitiesContext extends ReadContext {
  budget: Pick<ReadBudget, "take" | "unitsPerSecond">;
  keyRate: KeyRate;
}

interface Asked {
  request: IncomingMessage;
  response: ServerResponse;
  /** As it stands in the address: percent-encoded. */
  userId: string;
  search: string;
  keyId: string;
}

/** Undoes the percent-encoding, once: an id may hold what looks like more of it. */
function decodeUserId(encoded: string): { ok: true; userId: string } | { ok: false; message: string } {
  let userId: string;
  try {
    userId = decodeURIComponent(encoded);
  } catch {
    return { ok: false, message: "is not percent-encoded UTF-8" };
  }
  const parsed = readUserIdSchema.safeParse(userId);
  return parsed.success ? { ok: true, userId } : { ok: false, message: parsed.error.issues[0]?.message ?? "is no user id" };
}

/** Aborts when nobody is there any longer to get the answer. */
function untilGone(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  return gone.signal;
}

/** `GET /v1/users/{userId}/activities`: one page of what is stored of a user, within the key's and the table's bounds. */
export async function readActivities(ctx: ReadActivitiesContext & { admission: Admission }, { request, response, userId: encoded, search, keyId }: Asked): Promise<void> {
  const key = ctx.keyRate.take(keyId);
  const limits = (states: QuotaState[] = []): Headers => {
    const units = ctx.budget.unitsPerSecond();
    return rateLimitHeaders({
      policies: [
        { name: "key", quota: ctx.keyRate.perSecond, windowSeconds: 1 },
        ...(units === null ? [] : [{ name: "reads", quota: units, windowSeconds: 1, unit: "read-units" }]),
      ],
      states: [{ name: "key", ...key }, ...states],
    });
  };
  // For what fails on the way, too.
  for (const [name, value] of Object.entries(limits())) response.setHeader(name, value);
  const refuse = (problem: IngestProblem, headers: Headers = {}) => refuseUnread(request, response, problem, headers);

  if (!key.ok) return refuse(problems.keyOverRate(ctx.keyRate.perSecond), { "Retry-After": String(key.resetSeconds) });
  const user = decodeUserId(encoded);
  if (!user.ok) return refuse(problems.invalidUserId(user.message));
  const query = readActivityQuery(search);
  if (!query.ok) return refuse(problems.invalidQuery(query.faults));
  const place = ctx.admission.enter(ANSWER_BYTES, () => undefined);
  if (!place) return refuse(problems.overloaded(), retryLater());
  try {
    place.bodyEnded();
    const outcome = await read({ ctx, input: { userId: user.userId, ...query.query }, signal: untilGone(response) });
    switch (outcome.kind) {
      case "found":
        return respondText(response, 200, `${activitiesJson(outcome)}\n`);
      case "refused":
        return refuse(problems.invalidQuery([{ field: outcome.field, message: outcome.message }]));
      case "over_capacity": {
        const resetSeconds = Math.max(1, Math.ceil(outcome.retryMs / 1000));
        return refuse(problems.readsOverCapacity(), { ...limits([{ name: "reads", remaining: 0, resetSeconds }]), "Retry-After": String(resetSeconds) });
      }
      case "unavailable":
        return refuse(problems.readsUnavailable(), { "Retry-After": String(AWAY_RETRY_SECONDS) });
    }
  } finally {
    place.leave();
  }
}
