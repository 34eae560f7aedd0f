/** What a reader of logs may take for more than text: ends of lines, commands to the terminal, text turned around. Tabs are fine. */
const HARMFUL = /(?!\t)[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/gu;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/**
 * Fields as one line of JSON, its end not included. Whatever a field holds stays within its quotes and within the line,
 * and does nothing to the terminal that shows it; a parser gets every character back.
 */
export function jsonLine(fields: object): string {
  // JSON itself escapes what is below U+0020; the rest stands inside strings alone, where an escape means the same.
  return JSON.stringify(fields).replace(HARMFUL, escaped);
}

/** A line of plain text, with whatever is no text in it written as an escape. */
export function printable(text: string): string {
  return text.replace(HARMFUL, escaped);
}
