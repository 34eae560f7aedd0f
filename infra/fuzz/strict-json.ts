/**
 * A strict JSON reader (RFC 8259) that keeps what JSON.parse loses: the text of each value, keys that stand twice.
 * It shares nothing with the code under test, so that both must be wrong in the same way for a fault to pass.
 */
export type Json =
  | { kind: "object"; members: [key: string, value: Json][]; text: string }
  | { kind: "array"; items: Json[]; text: string }
  | { kind: "string"; value: string; text: string }
  | { kind: "other"; text: string };

const SPACE = /[ \t\r\n]*/y;
const STRING = /"(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const OTHER = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y;
const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

function unescape(raw: string): string {
  return raw.replace(/\\(?:u(.{4})|(.))/g, (_, hex: string | undefined, one: string) => (hex === undefined ? (ESCAPES[one] ?? one) : String.fromCharCode(Number.parseInt(hex, 16))));
}

class NotJson extends Error {}

class Reader {
  private readonly text: string;
  private at = 0;
  constructor(text: string) {
    this.text = text;
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return null;
    this.at = pattern.lastIndex;
    return found[0];
  }

  private take(character: string): boolean {
    this.match(SPACE);
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private string(): { value: string; text: string } {
    this.match(SPACE);
    const text = this.match(STRING);
    if (text === null || Array.from(text).some((character) => character < " ")) throw new NotJson();
    return { value: unescape(text.slice(1, -1)), text };
  }

  /** Elements up to the closing character, commas between them. */
  private list<T>(close: string, one: () => T): T[] {
    const found: T[] = [];
    if (this.take(close)) return found;
    do found.push(one());
    while (this.take(","));
    if (!this.take(close)) throw new NotJson();
    return found;
  }

  value(): Json {
    this.match(SPACE);
    const start = this.at;
    const text = () => this.text.slice(start, this.at);
    if (this.take("{")) {
      const members = this.list("}", (): [string, Json] => {
        const key = this.string().value;
        if (!this.take(":")) throw new NotJson();
        return [key, this.value()];
      });
      return { kind: "object", members, text: text() };
    }
    if (this.take("[")) {
      const items = this.list("]", () => this.value());
      return { kind: "array", items, text: text() };
    }
    if (this.text[this.at] === '"') return { kind: "string", ...this.string() };
    if (this.match(OTHER) === null) throw new NotJson();
    return { kind: "other", text: text() };
  }

  ended(): boolean {
    this.match(SPACE);
    return this.at === this.text.length;
  }
}

/** @returns the value, or null where the text is no JSON, or nests so deep that this reader cannot follow. */
export function strictJson(text: string): Json | null {
  try {
    const reader = new Reader(text);
    const value = reader.value();
    return reader.ended() ? value : null;
  } catch (cause) {
    if (cause instanceof NotJson || cause instanceof RangeError) return null;
    throw cause;
  }
}
