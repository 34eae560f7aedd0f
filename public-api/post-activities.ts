import type { IncomingMessage, ServerResponse } from "node:http";
import { ACTIVITY_LIMITS } from "#lib/contracts/activity.ts";
import type { IngestResponse, Verdict } from "#lib/contracts/ingest.ts";
import { ingest, type IngestContext, type IngestOutcome } from "#lib/services/activity/ingest.ts";
import type { Admission } from "./admission.ts";
import { problems } from "./problems.ts";
import { readText } from "./read-text.ts";
import { refuseUnread, respond, respondProblem } from "./respond.ts";

/** Seconds a shed producer is told to wait. */
const OVERLOADED_RETRY_SECONDS = 1;
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

function isJson(contentType: string | undefined): boolean {
  const [type, ...parameters] = (contentType ?? "").toLowerCase().split(";");
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("charset="));
  return type?.trim() === "application/json" && (charset === undefined || /^charset="?utf-?8"?$/.test(charset));
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

function answerVerdicts(response: ServerResponse, { results, faults }: Extract<IngestOutcome, { kind: "judged" }>): void {
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
  respondProblem(response, problems.queueAway({ results }), { "Retry-After": String(QUEUE_AWAY_RETRY_SECONDS) });
}

/** `POST /v1/activities`: refuses what it can before reading, reads up to the cap, and answers with the verdicts. */
export async function postActivities(ctx: PostActivitiesContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { headers } = request;
  if (!isJson(headers["content-type"])) return refuseUnread(request, response, problems.mediaType(), { "Accept-Post": "application/json" });
  const encoding = headers["content-encoding"]?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== "" && encoding !== "identity") {
    return refuseUnread(request, response, problems.encoding(), { "Accept-Encoding": "identity" });
  }
  const announced = headers["content-length"] === undefined ? ACTIVITY_LIMITS.requestBytes : Number(headers["content-length"]);
  if (announced > ACTIVITY_LIMITS.requestBytes) return refuseUnread(request, response, problems.tooLarge());
  const tooSlow = new AbortController();
  const place = ctx.admission.enter(announced, () => tooSlow.abort());
  if (!place) return refuseUnread(request, response, problems.overloaded(), { "Retry-After": String(OVERLOADED_RETRY_SECONDS) });
  try {
    if (headers.expect?.toLowerCase() === "100-continue") response.writeContinue();
    const body = await readText(request, ACTIVITY_LIMITS.requestBytes, tooSlow.signal);
    place.bodyEnded();
    if (body.kind === "too_large") return refuseUnread(request, response, problems.tooLarge());
    if (body.kind === "too_slow") {
      return refuseUnread(request, response, problems.tooSlow(), { "Retry-After": String(OVERLOADED_RETRY_SECONDS) });
    }
    if (body.kind === "not_utf8") return respondProblem(response, problems.notUtf8());
    if (body.kind === "incomplete") return respondProblem(response, problems.incomplete());
    const outcome = await ingest({ ctx, input: { text: body.text, deadlineAt: ctx.now() + ctx.deadlineMs } });
    if (outcome.kind === "judged") ctx.count(outcome.results);
    return answer(response, outcome);
  } finally {
    place.leave();
  }
}
