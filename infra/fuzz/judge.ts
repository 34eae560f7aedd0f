import type { IngestResponse } from "#lib/contracts/ingest.ts";
import { type Acceptance, lastContents } from "./last-wins.ts";
import { activitiesOf, contentKey, type Content, expectedContent, itemKey, type Sent } from "./oracle.ts";

/** An answer as it came; null where none came. */
export interface Answer {
  status: number;
  results: IngestResponse["results"] | null;
}

export interface Violation {
  what: "server_error" | "unanswered" | "refused_valid" | "odd_answer" | "wrong_verdicts" | "accepted_wrongly" | "lost" | "unexpected" | "left" | "stall" | "crash";
  detail: string;
  /** The request's number, where it was one's. */
  request?: number;
}

/** One line of a violation. */
export const violationLine = ({ what, request, detail }: Violation): string => `${what}${request === undefined ? "" : ` (request ${request})`}: ${detail}`;

/** Answers that a body may have; all else is a fault of ours. */
const ALLOWED = new Set([202, 207, 400, 413, 415, 422, 429]);

/** When a request was sent and when its answer was there; both count on from one number to the next. */
export interface Times {
  asked: number;
  answered: number;
}

/**
 * Holds what was answered against what is stored. Contents are compared, not ids: what was accepted must be there exactly
 * as it was sent, unless it was replaced under its key, and nothing else may be.
 * @param tell gets each violation as it is found.
 */
export function createJudge(tell: (violation: Violation) => void = () => undefined) {
  const violations: Violation[] = [];
  const add = (violation: Violation): void => {
    violations.push(violation);
    tell(violation);
  };
  /** By the key of the item. */
  const accepted = new Map<string, Acceptance[]>();
  /** Contents that may be stored though nobody was told so. */
  const maybe = new Set<string>();
  /** Contents by the key of the item. */
  const stored = new Map<string, string>();
  const counts = { requests: 0, accepted: 0, refused: 0, undecided: 0, shed: 0, unanswered: 0 };
  const byStatus: Record<string, number> = {};

  const report = (request: number, what: Violation["what"], detail: string) => add({ request, what, detail });

  function accept(content: Content, when: Omit<Acceptance, "content">): void {
    const [item, acceptance] = [itemKey(content), { ...when, content: contentKey(content) }];
    const before = accepted.get(item);
    if (before) before.push(acceptance);
    else accepted.set(item, [acceptance]);
  }

  function judgeVerdicts(request: number, sent: Sent, results: NonNullable<Answer["results"]>, times: Times): void {
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
        else accept(content, { request, position, ...times });
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
    answered(request: number, sent: Sent, answer: Answer | null, times: Times): void {
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
      if (answer.results) judgeVerdicts(request, sent, answer.results, times);
    },
    /** Takes one of the table's items. */
    found(content: Content): void {
      const [item, text] = [itemKey(content), contentKey(content)];
      if (stored.has(item)) add({ what: "unexpected", detail: `stored twice under one key: ${text.slice(0, 300)}` });
      stored.set(item, text);
    },
    /** Takes a fault seen elsewhere. */
    fault: add,
    /** How many were accepted under a key that another one had or got. */
    replaced: (): number => counts.accepted - accepted.size,
    stored: () => stored.size,
    violations: (): readonly Violation[] => violations,
    /** Compares; once, when all is stored. */
    verdict(): Violation[] {
      for (const [item, acceptances] of accepted) {
        const text = stored.get(item);
        const last = lastContents(acceptances);
        if (text !== undefined && (last.has(text) || maybe.has(text))) continue;
        for (const { request, content } of acceptances) if (last.has(content)) report(request, "lost", `accepted and not stored as sent: ${content.slice(0, 300)}`);
      }
      for (const [item, text] of stored) {
        const known = accepted.get(item)?.some(({ content }) => content === text) ?? false;
        if (!known && !maybe.has(text)) add({ what: "unexpected", detail: `stored and not accepted: ${text.slice(0, 300)}` });
      }
      return violations;
    },
  };
}
