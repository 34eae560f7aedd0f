import { v7 as uuidv7 } from "uuid";
import { ACTIVITY_LIMITS } from "#lib/contracts/activity.ts";
import { type Normalised, normaliseActivity } from "./ingest-normalise.ts";
import { elementsOf, type Line, linesOf } from "./ingest-parts.ts";

/** What a body turned out to be. */
export type ReadBody =
  | { kind: "activities"; activities: Normalised[] }
  | { kind: "malformed"; message: string }
  | { kind: "empty" }
  | { kind: "too_many"; count: number };

/** The reading of a body, stopping after each activity: whoever drives it decides when the process does something else. */
export type BodySteps = Generator<undefined, ReadBody>;

const MOST = ACTIVITY_LIMITS.activitiesPerRequest;
const newId = () => uuidv7();

/**
 * Reads a body of JSON: one activity or an array of them.
 * @param makeId makes the UUIDv7 of an activity that came without an id.
 */
export function* readJson(text: string, makeId: () => string = newId): BodySteps {
  const body = elementsOf(text, MOST);
  if (body.kind === "unclosed") return { kind: "malformed", message: "a bracket or a quote is not closed, or something follows the last bracket" };
  if (body.kind === "too_many") return body;
  if (body.parts.length === 0) return { kind: "empty" };
  const activities: Normalised[] = [];
  for (const part of body.parts) {
    const field = `activities[${activities.length}]`;
    const read = normaliseActivity(part, field, makeId);
    if (read.kind === "no_json") return { kind: "malformed", message: `${field}: ${read.message}` };
    activities.push(read);
    yield;
  }
  return { kind: "activities", activities };
}

/**
 * Reads a body of one activity a line (NDJSON). Blank lines are skipped; a line that is no JSON is a bad activity, and
 * the others stand.
 * @param makeId makes the UUIDv7 of an activity that came without an id.
 */
export function* readLines(text: string, makeId: () => string = newId): BodySteps {
  const lines: Line[] = [];
  let count = 0;
  for (const line of linesOf(text)) {
    count += 1;
    if (count <= MOST) lines.push(line);
  }
  if (count === 0) return { kind: "empty" };
  if (count > MOST) return { kind: "too_many", count };
  const activities: Normalised[] = [];
  for (const line of lines) {
    const field = `activities[${activities.length}]`;
    const read = normaliseActivity(line.text, field, makeId);
    if (read.kind === "no_json") {
      activities.push({ kind: "invalid", id: undefined, faults: [{ field, message: `line ${line.number} is not JSON: ${read.message}` }] });
    } else activities.push(read);
    yield;
  }
  return { kind: "activities", activities };
}

/** How long a body is read before others get their turn, milliseconds: a hostile megabyte takes a hundred times as long. */
const SLICE_MS = 5;

/** Gives out turns, one in each round of the event loop: many long bodies at once would fill a round as one does. */
function createTurns(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  const next = () => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(next);
  };
  return () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(next);
    return promise;
  };
}
const nextTurn = createTurns();

/** Reads a body to its end, and lets others have their turn now and then. */
export async function inSlices(steps: BodySteps, now: () => number = () => performance.now()): Promise<ReadBody> {
  for (let since = now(); ; ) {
    const step = steps.next();
    if (step.done) return step.value;
    if (now() - since < SLICE_MS) continue;
    await nextTurn();
    since = now();
  }
}
