/**
 * Characters that change or hide what a reader sees: controls, line separators, lone surrogates, bidi marks and
 * overrides, invisible spaces. Joiners stay: emoji and several scripts are written with them.
 */
const DECEPTIVE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu;

/** Text with every character that could deceive a reader written out as `\uXXXX`; line feed and tab stay. */
export function visibleText(text: string): string {
  return text.replace(DECEPTIVE, (char) =>
    char === "\n" || char === "\t" ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0").toUpperCase()}`,
  );
}

/** A string, a mark of punctuation, or a number or word; in valid JSON nothing else but white space is left. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** @returns the tokens exactly as they stand in the text, or null when it is not JSON. */
function tokensOf(text: string): string[] | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  return text.match(TOKEN) ?? [];
}

/**
 * Indents JSON text by two spaces. The tokens stay as they stand: numbers past 2^53, `1.0`, key order and
 * repeated keys survive, which parsing and printing again would change.
 * @returns the text as given (made visible) when it is not JSON.
 */
export function prettyJson(text: string): { isJson: boolean; text: string } {
  const tokens = tokensOf(text);
  if (tokens === null) return { isJson: false, text: visibleText(text) };
  let out = "";
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  for (const [position, token] of tokens.entries()) {
    const before = tokens[position - 1];
    if (token === "}" || token === "]") {
      depth -= 1;
      if (before !== "{" && before !== "[") out += line();
      out += token;
      continue;
    }
    if (before === "{" || before === "[" || before === ",") out += line();
    if (token === "{" || token === "[") depth += 1;
    out += token === ":" ? ": " : visibleText(token);
  }
  return { isJson: true, text: out };
}

/** One field of a JSON object, its value as it stands; strings without their quotes. */
export interface JsonField {
  name: string;
  value: string;
}

/** A string token without its quotes and escapes; any other token as it is. */
function plain(token: string): string {
  return token.startsWith('"') ? visibleText(JSON.parse(token) as string) : token;
}

/** The fields of a JSON object's first level, for a summary in one line; none when the text is no object. */
export function jsonFields(text: string): JsonField[] {
  const tokens = tokensOf(text);
  if (tokens?.[0] !== "{") return [];
  const fields: JsonField[] = [];
  let depth = 0;
  let field: JsonField | null = null;
  let value: string[] = [];
  for (const [position, token] of tokens.entries()) {
    const opens = token === "{" || token === "[";
    const closes = token === "}" || token === "]";
    if (closes) depth -= 1;
    const ends = (depth === 1 && token === ",") || (depth === 0 && closes);
    if (ends && field) {
      fields.push({ ...field, value: value.length === 1 ? plain(value[0] ?? "") : value.join("") });
      field = null;
    } else if (field && !(value.length === 0 && token === ":")) {
      value.push(visibleText(token));
    } else if (!field && depth === 1 && tokens[position + 1] === ":") {
      field = { name: plain(token), value: "" };
      value = [];
    }
    if (opens) depth += 1;
  }
  return fields;
}
