import type { Drain } from "#lib/contracts/drain.ts";
import type { Overview } from "#lib/contracts/overview.ts";
import { count, percent, rate } from "./numbers.ts";

/** A piece of the sentence: text, or an instant to be written in the reader's zone. */
export type SentencePart = string | { at: string };

export interface StateSentence {
  tone: "ok" | "busy" | "warn" | "bad";
  headline: string;
  parts: SentencePart[];
}

/** `, at 91 % of the table's write units`, where both are known. */
function shareOfTable({ figures }: Overview): string {
  if (figures.drain.state !== "ok" || figures.provisionedWriteUnits.state === "error") return "";
  const provisioned = figures.provisionedWriteUnits.value;
  if (provisioned === null) return "";
  return `, at ${percent(figures.drain.value.writeUnitsPerSecond / provisioned)} of the table's write units`;
}

function idle(overview: Overview): StateSentence {
  const { arrivalPerSecond } = overview.figures;
  if (arrivalPerSecond.state !== "ok") return { tone: "warn", headline: "Not sure", parts: ["The queue is empty, but what arrives is not known."] };
  const arriving = arrivalPerSecond.value;
  if (arriving > 0) return { tone: "ok", headline: "Keeping up", parts: [`${rate(arriving)}/s arrive and nothing waits${shareOfTable(overview)}.`] };
  return { tone: "ok", headline: "Quiet", parts: ["The queue is empty and nothing arrives."] };
}

function stalled({ workers, figures }: Overview, waiting: string): StateSentence {
  const alive = workers.state === "error" ? null : workers.value.filter((worker) => worker.alive).length;
  if (alive === 0) return { tone: "bad", headline: "Stalled", parts: [`${waiting} and no worker is running.`] };
  const throttled = figures.throttlesLastMinute.state === "ok" && figures.throttlesLastMinute.value > 0;
  return { tone: "bad", headline: "Stalled", parts: [`${waiting} and nothing is being stored${throttled ? ": the table throttles" : ""}.`] };
}

/** The state as a page without answers may tell it: what it last was, and when. */
export function disconnectedSentence({ at, figures: { waiting } }: Overview): StateSentence {
  const last = waiting.state === "error" ? "The queue could not be read" : `${count(waiting.value)} were waiting`;
  return { tone: "bad", headline: "Not live", parts: [`${last} at `, { at }, "; what happens now is not known here."] };
}

/** The dial, where somebody has paused the draining. */
function pausedBy({ dial }: Overview): Drain | null {
  return dial.state !== "error" && dial.value.mode === "paused" && dial.value.override === null ? dial.value : null;
}

/** The state of the queue in one sentence, the first thing on the page. */
export function stateSentence(overview: Overview): StateSentence {
  const { waiting, inFlight, timeToDrain, arrivalPerSecond, drain } = overview.figures;
  if (waiting.state === "error") return { tone: "bad", headline: "Unknown", parts: [`The queue cannot be read: ${waiting.error}.`] };
  if (waiting.state === "stale") return { tone: "warn", headline: "Not live", parts: [`The queue does not answer; it last showed ${count(waiting.value)} waiting at `, { at: waiting.asOf }, "."] };
  if (timeToDrain.state === "error") return { tone: "bad", headline: "Unknown", parts: [`The queue cannot be read: ${timeToDrain.error}.`] };
  const onlyInFlight = waiting.value === 0 && inFlight.state !== "error" && inFlight.value > 0;
  const backlog = onlyInFlight ? `${count(inFlight.value)} in flight` : `${count(waiting.value)} waiting`;
  const paused = pausedBy(overview);
  if (paused !== null) {
    const waits = waiting.value === 0 && !onlyInFlight ? "The queue is empty" : backlog;
    return { tone: "warn", headline: "Paused", parts: [`${waits}, and draining is paused by ${paused.changedBy} since `, { at: paused.changedAt }, paused.reason === null ? "." : ` (${paused.reason}).`] };
  }
  if (timeToDrain.state === "stale") {
    const waits = waiting.value === 0 && !onlyInFlight ? "The queue is empty" : backlog;
    return { tone: "warn", headline: "Not sure", parts: [`${waits}, but what arrives and what is stored is not known: ${timeToDrain.error ?? "no answer"}.`] };
  }
  const eta = timeToDrain.value;
  switch (eta.state) {
    case "empty":
      return idle(overview);
    case "draining":
      return { tone: "busy", headline: "Draining", parts: [`${backlog}, clears at `, { at: eta.clearsAt }, `${shareOfTable(overview)}.`] };
    case "growing": {
      const rates = arrivalPerSecond.state === "error" || drain.state === "error" ? "" : `: ${rate(arrivalPerSecond.value)}/s arrive, ${rate(drain.value.activitiesPerSecond)}/s leave`;
      return { tone: "warn", headline: "Growing", parts: [`${backlog}${rates}${shareOfTable(overview)}.`] };
    }
    case "will_not_drain":
      return { tone: "warn", headline: "Falling behind", parts: [`${backlog}; keeping up with what arrives takes ${rate(Math.ceil(eta.neededWcuPerSecond))} WCU/s.`] };
    case "stalled":
      return stalled(overview, backlog);
    default:
      return { tone: "warn", headline: "Not sure", parts: [`${backlog}, but ${eta.reason}.`] };
  }
}
