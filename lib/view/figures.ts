import type { Figure } from "#lib/contracts/figure.ts";
import type { DrainEta, Overview } from "#lib/contracts/overview.ts";
import { duration } from "./instants.ts";
import { count, rate } from "./numbers.ts";

export type FigureTone = "plain" | "ok" | "warn" | "bad";

/** What a tile shows; `value` is a dash when nothing was read, never a zero. */
export interface FigureModel {
  id: string;
  label: string;
  value: string;
  unit: string;
  /** Second line: what the number means now. */
  note: string | null;
  /** An instant that belongs to the note, to be written in the reader's zone. */
  noteAt: string | null;
  tone: FigureTone;
  state: "ok" | "stale" | "error";
  source: string;
  asOf: string | null;
  error: string | null;
}

interface Words {
  value: string;
  unit?: string;
  note?: string | null;
  noteAt?: string | null;
  tone?: FigureTone;
}

const NOTHING = "–";

function model<T>({ id, label, figure, words }: { id: string; label: string; figure: Figure<T>; words: (value: T) => Words }): FigureModel {
  const common = { id, label, source: figure.source, state: figure.state };
  if (figure.state === "error") return { ...common, value: NOTHING, unit: "", note: null, noteAt: null, tone: "bad", asOf: null, error: figure.error };
  const { value, unit = "", note = null, noteAt = null, tone = "plain" } = words(figure.value);
  return { ...common, value, unit, note, noteAt, tone, asOf: figure.asOf, error: figure.state === "stale" ? (figure.error ?? null) : null };
}

/** Whole seconds, then as a duration: a tenth of a second is no news here. */
function inSeconds(seconds: number): string {
  return seconds < 59.5 ? `${Math.round(seconds)} s` : duration(Math.round(seconds) * 1000);
}

/** Time to drain in words. */
export function etaWords(eta: DrainEta): Words {
  switch (eta.state) {
    case "empty":
      return { value: "empty", note: "nothing waits", tone: "ok" };
    case "draining":
      return { value: inSeconds(Math.max(1, eta.seconds)), note: "clears at", noteAt: eta.clearsAt };
    case "growing":
      return { value: "growing", note: `by ${rate(eta.perSecond)}/s`, tone: "warn" };
    case "stalled":
      return { value: "stalled", note: "nothing is stored", tone: "bad" };
    case "will_not_drain":
      return { value: "never", note: `needs ${rate(Math.ceil(eta.neededWcuPerSecond))} WCU/s to keep up`, tone: "warn" };
    default:
      return { value: "unknown", note: eta.reason, tone: "warn" };
  }
}

/** The tiles of the overview, in reading order. */
export function prepareFigures({ figures, dial }: Pick<Overview, "figures" | "dial">): FigureModel[] {
  const provisioned = figures.provisionedWriteUnits.state === "error" ? null : figures.provisionedWriteUnits.value;
  const effective = dial.state === "error" ? null : dial.value.effectiveWcuPerSecond;
  return [
    model({ id: "waiting", label: "Waiting", figure: figures.waiting, words: (value) => ({ value: count(value), note: "in the queue" }) }),
    model({ id: "in-flight", label: "In flight", figure: figures.inFlight, words: (value) => ({ value: count(value), note: "held by workers" }) }),
    model({
      id: "oldest-age",
      label: "Oldest age",
      figure: figures.oldestAgeSeconds,
      words: (value) => (value === null ? { value: "none", note: "nothing waits" } : { value: inSeconds(value), note: "head of the queue" }),
    }),
    model({ id: "time-to-drain", label: "Time to drain", figure: figures.timeToDrain, words: etaWords }),
    model({ id: "arrival", label: "Arrival", figure: figures.arrivalPerSecond, words: (value) => ({ value: rate(value), unit: "/s", note: "activities accepted" }) }),
    model({
      id: "drain",
      label: "Drain",
      figure: figures.drain,
      words: ({ activitiesPerSecond }) => ({ value: rate(activitiesPerSecond), unit: "/s", note: "activities stored" }),
    }),
    model({
      id: "write-units",
      label: "Write units",
      figure: figures.drain,
      words: ({ writeUnitsPerSecond }) => ({
        value: rate(writeUnitsPerSecond),
        unit: "WCU/s",
        note: provisioned !== null ? `of ${count(provisioned)} provisioned` : effective !== null ? `of ${rate(effective)} allowed` : null,
      }),
    }),
    model({
      id: "throttles",
      label: "Throttles",
      figure: figures.throttlesLastMinute,
      words: (value) => ({ value: count(value), note: "in the last minute", tone: value > 0 ? "bad" : "plain" }),
    }),
    model({
      id: "dead-letters",
      label: "Dead letters",
      figure: figures.deadLetters,
      words: (value) => ({ value: count(value), note: value > 0 ? "wait for a person" : "none wait", tone: value > 0 ? "warn" : "plain" }),
    }),
  ];
}
