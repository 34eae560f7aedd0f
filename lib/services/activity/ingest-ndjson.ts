import { v7 as uuidv7 } from "uuid";
import { ACTIVITY_LIMITS } from "#lib/contracts/activity.ts";
import { readOneActivity } from "./ingest-json.ts";
import { type Normalised, normaliseOne, type ReadBody } from "./ingest-normalise.ts";

interface Line {
  text: string;
  /** Counted from 1, blank ones too, as an editor shows it. */
  number: number;
}

/** Space of JSON: a line of anything else is not blank, it is no JSON. */
const BLANK = /^[ \t\r]*$/;

function* linesOf(text: string): Generator<Line> {
  let start = 0;
  for (let number = 1; start <= text.length; number += 1) {
    const found = text.indexOf("\n", start);
    const end = found === -1 ? text.length : found;
    const line = text.slice(start, end);
    if (!BLANK.test(line)) yield { text: line, number };
    start = end + 1;
  }
}

function readLine({ text, number }: Line, field: string, makeId: () => string): Normalised {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return { kind: "invalid", id: undefined, faults: [{ field, message: `line ${number} is not JSON: ${why}` }] };
  }
  return normaliseOne(value, readOneActivity(text), text, field, makeId);
}

/**
 * Reads a request body of one activity a line (NDJSON). Blank lines are skipped; a line that is no JSON is a bad
 * activity, and the others stand.
 * @param makeId makes the UUIDv7 of an activity that came without an id.
 */
export function readLines(text: string, makeId: (() => string) | undefined = () => uuidv7()): ReadBody {
  const lines: Line[] = [];
  let count = 0;
  for (const line of linesOf(text)) {
    count += 1;
    if (count <= ACTIVITY_LIMITS.activitiesPerRequest) lines.push(line);
  }
  if (count === 0) return { kind: "empty" };
  if (count > ACTIVITY_LIMITS.activitiesPerRequest) return { kind: "too_many", count };
  return { kind: "activities", activities: lines.map((line, position) => readLine(line, `activities[${position}]`, makeId)) };
}
