import { stringEnd } from "./ingest-json.ts";

/** The activities of a body as they stand in it, each a text of its own. */
export type Parts =
  | { kind: "parts"; parts: string[] }
  | { kind: "too_many"; count: number }
  /** Brackets or quotes that do not close: no JSON, whatever the rest is. */
  | { kind: "unclosed" };

const SPACE = /^[ \t\r\n]*/;

/**
 * Parts a JSON body into the elements of its array, or into the one value that it is. Only brackets, quotes and commas
 * are looked at: the body is JSON if it comes apart and each part is JSON. So a body's size does not decide how long
 * one step of reading it takes.
 * @param max most elements; more are counted and not kept.
 */
export function elementsOf(text: string, max: number): Parts {
  const start = SPACE.exec(text)?.[0].length ?? 0;
  if (text[start] !== "[") return { kind: "parts", parts: [text] };
  const parts: string[] = [];
  let count = 0;
  let depth = 0;
  let from = start + 1;
  const endPart = (at: number) => {
    count += 1;
    if (count <= max) parts.push(text.slice(from, at));
    from = at + 1;
  };
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      const end = stringEnd(text, at);
      if (end === 0) return { kind: "unclosed" };
      at = end - 1;
    } else if (code === 0x5b || code === 0x7b) {
      depth += 1;
    } else if (code === 0x5d || code === 0x7d) {
      depth -= 1;
      if (depth > 0) continue;
      if (code !== 0x5d || SPACE.exec(text.slice(at + 1))?.[0].length !== text.length - at - 1) return { kind: "unclosed" };
      if (count > 0 || SPACE.exec(text.slice(from, at))?.[0].length !== at - from) endPart(at);
      return count > max ? { kind: "too_many", count } : { kind: "parts", parts };
    } else if (code === 0x2c && depth === 1) {
      endPart(at);
    }
  }
  return { kind: "unclosed" };
}

export interface Line {
  text: string;
  /** Counted from 1, blank ones too, as an editor shows it. */
  number: number;
}

/** Space of JSON: a line of anything else is not blank, it is no JSON. */
const BLANK = /^[ \t\r]*$/;

/** The lines of a body that are not blank. */
export function* linesOf(text: string): Generator<Line> {
  let start = 0;
  for (let number = 1; start <= text.length; number += 1) {
    const found = text.indexOf("\n", start);
    const end = found === -1 ? text.length : found;
    const line = text.slice(start, end);
    if (!BLANK.test(line)) yield { text: line, number };
    start = end + 1;
  }
}
