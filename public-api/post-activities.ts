import type { IncomingMessage, ServerResponse } from "node:http";
import { ACTIVITY_LIMITS } from "#lib/contracts/activity.ts";
import type { IngestResponse, Verdict } from "#lib/contracts/ingest.ts";
import { ingest, type IngestContext, type IngestOutcome } from "#lib/services/activity/ingest.ts";
import type { Admission } from "./admission.ts";
import { bodyEncoding, bodyFormat } from "./media-type.ts";
import { problems } from "./problems.ts";
import { refuseUnread, respond, respondProblem } from "./respond.ts";
import { takeBody } from "./take-body.ts";

/** Seconds a producer is told to wait while the queue is away. */
const QUEUE_AWAY_RETRY_SECONDS = 5;
/** Faults listed in one problem; the verdicts name the first of each activity anyway. */
const MAX_ERRORS = 100;

export interface PostActivitiesContext extends IngestContext {
  admission: Admission;
  /** Longest wait for the verdicts, milliseconds. */
  deadlineMs: number;
  count: (verdicts: readonly Verdict[]) => void;
}

function answer(response: ServerResponse, outcome: IngestOutcome): void {
  switch (outcome.kind) {
    case "malformed":
      respondProblem(response, problems.malformed(outcome.message));
      return;
    case "empty":
      respondProblem(response, problems.empty());
      return;
    case "too_many":
      respondProblem(response, problems.tooMany(outcome.count));
      return;
    case "judged":
      answerVerdicts(response, outcome);
  }
}

function answerVerdicts(response: ServerResponse, { results, faults, overCap }: Extract<IngestOutcome, { kind: "judged" }>): void {
  const accepted = results.filter((verdict) => verdict.status === "accepted").length;
  if (accepted > 0) {
    respond(response, accepted === results.length ? 202 : 207, { results } satisfies IngestResponse);
    return;
  }
  const errors = faults.slice(0, MAX_ERRORS);
  if (results.every((verdict) => verdict.status === "refused")) {
    respondProblem(response, problems.noneValid({ results, ...(errors.length > 0 && { errors }) }));
    return;
  }
  if (overCap?.count === results.filter((verdict) => verdict.status !== "refused").length) {
    respondProblem(response, problems.userOverCap({ results }), { "Retry-After": String(overCap.retryAfterSeconds) });
    return;
  }
  respondProblem(response, problems.queueAway({ results }), { "Retry-After": String(QUEUE_AWAY_RETRY_SECONDS) });
}

/** Takes the activities of a body that was read, and answers with the verdicts. */
export async function answerActivities(ctx: PostActivitiesContext, response: ServerResponse, body: { text: string; format: "json" | "ndjson" }): Promise<void> {
  const outcome = await ingest({ ctx, input: { ...body, deadlineAt: ctx.now() + ctx.deadlineMs } });
  if (outcome.kind === "judged") ctx.count(outcome.results);
  answer(response, outcome);
}

/** `POST /v1/activities`: refuses what it can before reading, reads up to the cap, and answers with the verdicts. */
export async function postActivities(ctx: PostActivitiesContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const format = bodyFormat(request.headers["content-type"]);
  if (format === null || format === "text") return refuseUnread(request, response, problems.mediaType(), { "Accept-Post": "application/json, application/x-ndjson" });
  const encoding = bodyEncoding(request.headers["content-encoding"]);
  if (encoding === null) return refuseUnread(request, response, problems.encoding(), { "Accept-Encoding": "gzip, identity" });
  const bounds = { admission: ctx.admission, encoding, maxBytes: ACTIVITY_LIMITS.requestBytes };
  await takeBody(request, response, bounds, (text) => answerActivities(ctx, response, { text, format }));
}
