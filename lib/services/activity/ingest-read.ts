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

/**
 * Shares the rounds of the event loop among all bodies: what they take of one together is bounded, however many came in it.
 * Whoever finds it used up waits for a turn, first come first served.
 */
function createRounds() {
  const waiting: (() => void)[] = [];
  let spentMs = 0;
  let isScheduled = false;

  const isUsedUp = () => spentMs >= SLICE_MS;

  async function serve(): Promise<void> {
    isScheduled = false;
    do {
      waiting.shift()?.();
      // Whose turn it is reads before this goes on.
      await Promise.resolve();
    } while (waiting.length > 0 && !isUsedUp());
    schedule();
  }
  function schedule(): void {
    if (isScheduled || waiting.length === 0) return;
    isScheduled = true;
    setImmediate(() => void serve());
  }

  return {
    isUsedUp,
    use(ms: number): void {
      if (spentMs === 0 && ms > 0) setImmediate(() => (spentMs = 0));
      spentMs += ms;
    },
    nextTurn(): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      schedule();
      return promise;
    },
  };
}
const rounds = createRounds();

/** Reads a body to its end, and lets others have their turn now and then. */
export async function inSlices(steps: BodySteps, now: () => number = () => performance.now()): Promise<ReadBody> {
  // Looking for the parts of a body is one long step, and many bodies may have come in this round.
  if (rounds.isUsedUp()) await rounds.nextTurn();
  for (let since = now(); ; ) {
    const step = steps.next();
    const tookMs = now() - since;
    if (!step.done && tookMs < SLICE_MS) continue;
    rounds.use(tookMs);
    if (step.done) return step.value;
    await rounds.nextTurn();
    since = now();
  }
}
