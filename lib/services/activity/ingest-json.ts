/**
 * Reads the text of a request so that nothing is lost on the way: JSON.parse alone rounds big numbers and keeps
 * only the last of two equal keys. Every function here walks text that JSON.parse has already taken, so none of
 * them checks the grammar again.
 */

/** Deepest nesting inside `properties`; deeper is a mistake or an attack, and readers recurse. */
export const MAX_PROPERTIES_DEPTH = 32;

/** A fault at a place below the value looked at, such as `.a[3]`; "" is the value itself. */
export interface JsonFault {
  path: string;
  message: string;
}

export interface Span {
  start: number;
  end: number;
}

/** What the walk over one activity found. */
export interface RawActivity {
  span: Span;
  /** Where the value of its `properties` stands; absent when it has none. */
  properties?: Span;
  faults: JsonFault[];
}

/** Faults reported for one activity; a body made of nothing but faults must not make a huge answer. */
const MAX_FAULTS = 10;
/** A path is as long as the keys on it; 500 activities make 500 of them. */
const MAX_PATH_CHARACTERS = 200;
const UNCARRIABLE = /[\uFFFE\uFFFF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;
const PLAIN_KEY = /^[A-Za-z_$][\w$-]*$/;

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at += 1;
  }
}

/** @param start the opening quote. @returns the place after the closing one; 0 where there is none. */
export function stringEnd(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  for (;;) {
    let slashes = 0;
    while (text[quote - 1 - slashes] === "\\") slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    quote = text.indexOf('"', quote + 1);
  }
}

function decode(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1);
  return raw.includes("\\") ? String(JSON.parse(text.slice(start, end))) : raw;
}

/** Ends any value without looking into it, and without recursion. */
function skipValue(text: string, start: number): number {
  let at = start;
  let depth = 0;
  for (;;) {
    const character = text[at];
    if (character === '"') {
      at = stringEnd(text, at);
    } else if (character === "{" || character === "[") {
      depth += 1;
      at += 1;
    } else if (character === "}" || character === "]") {
      depth -= 1;
      at += 1;
    } else if (depth > 0 && (character === "," || character === ":" || /\s/.test(character ?? ""))) {
      at += 1;
    } else {
      while (at < text.length && !/[\s,\]}:]/.test(text[at] ?? "")) at += 1;
    }
    if (depth === 0) return at;
  }
}

function keyPath(key: string): string {
  return PLAIN_KEY.test(key) && key.length <= 64 ? `.${key}` : `[${JSON.stringify(key.slice(0, 64))}]`;
}

/** Calls `visit` with each key and the place of its value; `visit` returns the place after the value. */
function eachMember(text: string, start: number, visit: (key: string, valueStart: number) => number): number {
  let at = skipSpace(text, start + 1);
  while (text[at] !== "}") {
    const keyEnd = stringEnd(text, at);
    const key = decode(text, at, keyEnd);
    const colon = skipSpace(text, keyEnd);
    at = skipSpace(text, visit(key, skipSpace(text, colon + 1)));
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return at + 1;
}

/** Calls `visit` with the position and the place of each element; `visit` returns the place after it. */
function eachElement(text: string, start: number, visit: (position: number, valueStart: number) => number): number {
  let at = skipSpace(text, start + 1);
  for (let position = 0; text[at] !== "]"; position += 1) {
    at = skipSpace(text, visit(position, at));
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return at + 1;
}

interface Walk {
  text: string;
  faults: JsonFault[];
}

function report({ faults }: Walk, path: string, message: string): void {
  if (faults.length >= MAX_FAULTS) return;
  faults.push({ path: path.length > MAX_PATH_CHARACTERS ? `${path.slice(0, MAX_PATH_CHARACTERS)}…` : path, message });
}

function checkKey(walk: Walk, key: string, seen: Set<string>, path: string): void {
  if (key === "__proto__") report(walk, path, "the key __proto__ is not allowed");
  if (UNCARRIABLE.test(key)) report(walk, path, "a key holds a character that the queue cannot carry (U+FFFE, U+FFFF or a lone surrogate)");
  if (seen.has(key)) report(walk, path, "the key stands twice in one object");
  seen.add(key);
}

function walkValue(walk: Walk, start: number, path: string, depth: number): number {
  const { text } = walk;
  const first = text[start];
  if (first === '"') {
    const end = stringEnd(text, start);
    if (UNCARRIABLE.test(decode(text, start, end))) {
      report(walk, path, "holds a character that the queue cannot carry (U+FFFE, U+FFFF or a lone surrogate)");
    }
    return end;
  }
  if (first !== "{" && first !== "[") return skipValue(text, start);
  if (depth > MAX_PROPERTIES_DEPTH) {
    report(walk, path, `is nested deeper than ${MAX_PROPERTIES_DEPTH} levels`);
    return skipValue(text, start);
  }
  if (first === "[") return eachElement(text, start, (position, at) => walkValue(walk, at, `${path}[${position}]`, depth + 1));
  const seen = new Set<string>();
  return eachMember(text, start, (key, at) => {
    const memberPath = path + keyPath(key);
    checkKey(walk, key, seen, memberPath);
    return walkValue(walk, at, memberPath, depth + 1);
  });
}

function walkActivity(text: string, start: number): RawActivity {
  const walk: Walk = { text, faults: [] };
  const raw: RawActivity = { span: { start, end: start }, faults: walk.faults };
  if (text[start] !== "{") {
    raw.span.end = skipValue(text, start);
    return raw;
  }
  const seen = new Set<string>();
  raw.span.end = eachMember(text, start, (key, at) => {
    checkKey(walk, key, seen, keyPath(key));
    if (key !== "properties") return skipValue(text, at);
    const end = walkValue(walk, at, ".properties", 1);
    raw.properties = { start: at, end };
    return end;
  });
  return raw;
}

/** Finds what one activity holds, in a text that JSON.parse has taken, whatever value that is. */
export function readActivity(text: string): RawActivity {
  return walkActivity(text, skipSpace(text, 0));
}
