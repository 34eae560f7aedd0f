/** Starts a CSV file, so that spreadsheets read it as UTF-8. */
export const CSV_START = "\uFEFF";

/** What spreadsheets take for the start of a formula, the full-width forms among it, after anything they skip. */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20|%]/u;
/** A tab or an end of line in front moves what follows into a cell of its own. */
const MOVES = /^[\t\r\n]/;
const NEEDS_QUOTES = /[",;\r\n]|^\s|\s$/;

/**
 * One cell of a CSV file (RFC 4180). Text that a spreadsheet would run as a formula gets an apostrophe in front, which
 * makes it text there; a number keeps its sign. Nothing is lost: who reads the file by a program takes the apostrophe off
 * where one of those characters follows.
 */
export function csvCell(value: string | number | boolean | null): string {
  const text = value === null ? "" : String(value);
  const safe = typeof value === "string" && (FORMULA.test(text) || MOVES.test(text)) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** One line of a CSV file, its end included. */
export function csvLine(cells: readonly (string | number | boolean | null)[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}
