import { bodyFacts } from "./body-facts.ts";

/** What may be seen of a body by whoever has not asked for it. */
export interface MaskedBody {
  /** JSON text with the body's structure and types, its values left out; null where the body is no JSON. */
  maskedBody: string | null;
  /** Size of the whole body, UTF-8. */
  bodyBytes: number;
}

/** Bounds of the shape: bodies of dead letters are whatever somebody sent. */
const MOST = { levels: 8, members: 100, elements: 10, keyCharacters: 100 } as const;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

type Shape = string | number | null | Shape[] | { [key: string]: Shape };
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function cutKey(key: string): string {
  return key.length <= MOST.keyCharacters ? key : `${key.slice(0, MOST.keyCharacters).toWellFormed()}…`;
}

/** A value without what it says: its type, and its members' and elements'. */
function shapeOf(value: unknown, levels: number): Shape {
  if (value === null) return null;
  if (Array.isArray(value)) {
    if (levels === 0) return "(array)";
    const shown = value.slice(0, MOST.elements).map((element) => shapeOf(element, levels - 1));
    return value.length > MOST.elements ? [...shown, `(${value.length - MOST.elements} more)`] : shown;
  }
  if (!isObject(value)) return `(${typeof value})`;
  if (levels === 0) return "(object)";
  return members(Object.entries(value).map(([key, member]) => [key, () => shapeOf(member, levels - 1)]));
}

function members(entries: readonly (readonly [string, () => Shape])[]): Shape {
  const shown: [string, Shape][] = entries.slice(0, MOST.members).map(([key, shape]) => [cutKey(key), shape()]);
  if (entries.length > MOST.members) shown.push(["…", `(${entries.length - MOST.members} more)`]);
  return Object.fromEntries(shown);
}

/** The activity's properties travel as JSON text inside the JSON body. */
function shapeOfProperties(value: unknown): Shape {
  if (typeof value !== "string") return shapeOf(value, MOST.levels);
  try {
    return shapeOf(JSON.parse(value), MOST.levels);
  } catch {
    return "(string)";
  }
}

/**
 * Masks a queue body, whatever its version and whatever it holds: what the ledger lists of it anyway (user, activity,
 * type, times) stays, and of all else only names and types. Never throws.
 */
export function maskBody(body: string): MaskedBody {
  const bodyBytes = new TextEncoder().encode(body).length;
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { maskedBody: null, bodyBytes };
  }
  const { userId, activityId, type } = bodyFacts(body);
  const instant = (value: unknown): Shape => (typeof value === "string" && INSTANT.test(value) ? value : shapeOf(value, MOST.levels));
  const shownOf = (shown: string | null, value: unknown): Shape => (value === shown ? shown : shapeOf(value, MOST.levels));
  const ofActivity: Readonly<Record<string, (value: unknown) => Shape>> = {
    id: (value) => shownOf(activityId, value),
    userId: (value) => shownOf(userId, value),
    type: (value) => shownOf(type, value),
    occurredAt: instant,
    properties: shapeOfProperties,
  };
  const ofBody: Readonly<Record<string, (value: unknown) => Shape>> = {
    v: (value) => (typeof value === "number" ? value : shapeOf(value, MOST.levels)),
    acceptedAt: instant,
    activity: (value) => (isObject(value) ? shapedBy(ofActivity, value) : shapeOf(value, MOST.levels)),
  };
  const shape = isObject(json) ? shapedBy(ofBody, json) : shapeOf(json, MOST.levels);
  return { maskedBody: JSON.stringify(shape), bodyBytes };
}

function shapedBy(known: Readonly<Record<string, (value: unknown) => Shape>>, value: Record<string, unknown>): Shape {
  return members(Object.entries(value).map(([key, member]) => [key, () => (Object.hasOwn(known, key) ? (known[key]?.(member) ?? null) : shapeOf(member, MOST.levels))]));
}
