import type { IngestResponse } from "#lib/contracts/ingest.ts";
import { activitiesOf, contentKey, type Content, expectedContent, type Sent } from "./oracle.ts";

/** An answer as it came; null where none came. */
export interface Answer {
  status: number;
  results: IngestResponse["results"] | null;
}

export interface Violation {
  what: "server_error" | "unanswered" | "refused_valid" | "odd_answer" | "wrong_verdicts" | "accepted_wrongly" | "lost" | "unexpected" | "stall" | "crash";
  detail: string;
  /** The request's number, where it was one's. */
  request?: number;
}

/** One line of a violation. */
export const violationLine = ({ what, request, detail }: Violation): string => `${what}${request === undefined ? "" : ` (request ${request})`}: ${detail}`;

/** Answers that a body may have; all else is a fault of ours. */
const ALLOWED = new Set([202, 207, 400, 413, 415, 422, 429]);

/**
 * Holds what was answered against what is in the queue. Contents are compared, not ids: what was accepted must be there
 * exactly as it was sent, and nothing else may be.
 * @param tell gets each violation as it is found.
 */
export function createJudge(tell: (violation: Violation) => void = () => undefined) {
  const violations: Violation[] = [];
  const add = (violation: Violation): void => {
    violations.push(violation);
    tell(violation);
  };
  const accepted = new Map<string, number>();
  /** What may be in the queue though nobody was told so. */
  const maybe = new Set<string>();
  const queued = new Set<string>();
  const counts = { requests: 0, accepted: 0, refused: 0, undecided: 0, shed: 0, unanswered: 0 };
  const byStatus: Record<string, number> = {};

  const report = (request: number, what: Violation["what"], detail: string) => add({ request, what, detail });

  function judgeVerdicts(request: number, sent: Sent, results: NonNullable<Answer["results"]>): void {
    const activities = activitiesOf(sent);
    if (activities === null) {
      // What is too large is refused without being looked into, so that it need not be JSON.
      if (results.some(({ status }) => status !== "refused")) report(request, "accepted_wrongly", "the body holds no activities");
      return;
    }
    if (activities.length !== results.length) {
      report(request, "wrong_verdicts", `${results.length} verdicts for ${activities.length} activities`);
      return;
    }
    for (const [position, verdict] of results.entries()) {
      if (verdict.status === "refused") {
        counts.refused += 1;
        if (sent.valid) report(request, "refused_valid", `activity ${position}: ${verdict.reason}`);
      } else if (verdict.status === "accepted") {
        counts.accepted += 1;
        const content = expectedContent(activities[position] ?? null, verdict);
        if ("fault" in content) report(request, "accepted_wrongly", `activity ${position}: ${content.fault}`);
        else if (content.id !== verdict.id || content.occurredAt !== verdict.occurredAt) report(request, "wrong_verdicts", `activity ${position} has another key in its verdict`);
        else accepted.set(contentKey(content), request);
      } else {
        counts.undecided += 1;
        const content = expectedContent(activities[position] ?? null, { id: verdict.id, occurredAt: "" });
        if (verdict.status === "unknown" && !("fault" in content)) maybe.add(contentKey(content));
      }
    }
  }

  return {
    counts,
    byStatus,
    /** Takes a request and its answer. @param request its number. */
    answered(request: number, sent: Sent, answer: Answer | null): void {
      counts.requests += 1;
      if (answer === null) {
        counts.unanswered += 1;
        // A body that is refused while it comes may find its connection closed; none else may.
        if (sent.valid) report(request, "unanswered", "no answer to a body that keeps the contract");
        for (const json of activitiesOf(sent) ?? []) {
          const content = expectedContent(json, { id: "", occurredAt: "" });
          if (!("fault" in content)) maybe.add(contentKey(content));
        }
        return;
      }
      byStatus[answer.status] = (byStatus[answer.status] ?? 0) + 1;
      if (answer.status >= 500) report(request, "server_error", `status ${answer.status}`);
      else if (!ALLOWED.has(answer.status)) report(request, "odd_answer", `status ${answer.status}`);
      if (answer.status === 429) counts.shed += 1;
      else if (sent.valid && answer.status !== 202) report(request, "refused_valid", `status ${answer.status}`);
      const taken = answer.status === 202 || answer.status === 207;
      if (taken && answer.results === null) report(request, "odd_answer", `status ${answer.status} without verdicts`);
      if (answer.results) judgeVerdicts(request, sent, answer.results);
    },
    /** Takes what was in the queue. */
    found: (content: Content): void => void queued.add(contentKey(content)),
    /** Takes a fault seen elsewhere. */
    fault: (what: Violation["what"], detail: string): void => add({ what, detail }),
    /** How many different activities must still turn up. */
    missing: (): number => {
      let missing = 0;
      for (const key of accepted.keys()) if (!queued.has(key)) missing += 1;
      return missing;
    },
    queued: () => queued.size,
    violations: (): readonly Violation[] => violations,
    /** Compares; once, when the queue is empty. */
    verdict(): Violation[] {
      for (const [key, request] of accepted) if (!queued.has(key)) report(request, "lost", `accepted and not in the queue as sent: ${key.slice(0, 300)}`);
      for (const key of queued) if (!accepted.has(key) && !maybe.has(key)) add({ what: "unexpected", detail: `in the queue and not accepted: ${key.slice(0, 300)}` });
      return violations;
    },
  };
}
export type Judge = ReturnType<typeof createJudge>;
