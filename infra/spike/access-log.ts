import { createHash } from "node:crypto";

/** One line of an Apache access log, in the combined or the common format. */
export interface LogEntry {
  client: string;
  at: Date;
  /** As logged, escapes undone; usually `GET /path HTTP/1.1`. */
  request: string;
  status: number;
  bytes: number | null;
  referrer: string | null;
  userAgent: string | null;
  /** The line ends in the middle of its last field: the log was cut there. */
  truncated: boolean;
}

export type ParsedLine = { kind: "entry"; entry: LogEntry } | { kind: "unparseable"; reason: string };

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const TIME = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/;
const HEAD = /^(\S+) \S+ .*?\[([^\]]*)\] "/;
const NUMBERS = /^" (\d{3}) (\d+|-)(?= |$)/;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", v: "\v", b: "\b", f: "\f" };

function parseTime(text: string): Date | null {
  const match = TIME.exec(text);
  if (!match) return null;
  const [, day, monthName, year, hour, minute, second, sign, zoneHours, zoneMinutes] = match;
  const month = MONTHS.indexOf(monthName ?? "");
  if (month < 0) return null;
  const local = Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second));
  const offsetMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000;
  const at = new Date(sign === "-" ? local + offsetMs : local - offsetMs);
  return Number.isNaN(at.getTime()) ? null : at;
}

/**
 * Reads a quoted field, undoing Apache's escapes (`\"`, `\\`, `\n`, `\xhh` for bytes, which are taken as UTF-8).
 * @param start the first character inside the quotes.
 * @returns `end` at the closing quote, or null where the line ends without one.
 */
function readQuoted(line: string, start: number): { text: string; end: number | null } {
  const parts: Buffer[] = [];
  let plain = start;
  let at = start;
  const cut = () => parts.push(Buffer.from(line.slice(plain, at)));
  for (; at < line.length && line[at] !== '"'; at += 1) {
    if (line[at] !== "\\" || at + 1 >= line.length) continue;
    const next = line[at + 1] ?? "";
    const hex = /^x([0-9a-fA-F]{2})/.exec(line.slice(at + 1, at + 4))?.[1];
    cut();
    if (hex === undefined) parts.push(Buffer.from(ESCAPES[next] ?? next));
    else parts.push(Buffer.from(hex, "hex"));
    at += hex === undefined ? 1 : 3;
    plain = at + 1;
  }
  cut();
  return { text: Buffer.concat(parts).toString(), end: at < line.length ? at : null };
}

const unparseable = (reason: string): ParsedLine => ({ kind: "unparseable", reason });
const dash = (text: string | null) => (text === "-" || text === "" ? null : text);

/** Parses one line, without its line end. Never throws. */
export function parseLogLine(line: string): ParsedLine {
  if (line.trim() === "") return unparseable("the line is empty");
  const head = HEAD.exec(line);
  if (!head) return unparseable('does not begin with: address, identity, user, [time], "request"');
  const at = parseTime(head[2] ?? "");
  if (!at) return unparseable(`has no time of the form 31/Jan/2026:12:00:00 +0000 in its brackets`);
  const request = readQuoted(line, head[0].length);
  if (request.end === null) return unparseable("its request has no closing quote");
  const numbers = NUMBERS.exec(line.slice(request.end));
  if (!numbers) return unparseable("has no status and size after its request");
  const fields: string[] = [];
  let truncated = false;
  let rest = request.end + numbers[0].length;
  while (fields.length < 2 && line.startsWith(' "', rest)) {
    const field = readQuoted(line, rest + 2);
    fields.push(field.text);
    truncated = field.end === null;
    rest = field.end === null ? line.length : field.end + 1;
  }
  const trailing = line.slice(rest).trim();
  if (trailing !== "" && fields.length < 2) return unparseable("has something other than a quoted referrer after its size");
  return {
    kind: "entry",
    entry: {
      client: head[1] ?? "",
      at,
      request: request.text,
      status: Number(numbers[1]),
      bytes: numbers[2] === "-" ? null : Number(numbers[2]),
      referrer: dash(fields[0] ?? null),
      userAgent: dash(fields[1] ?? null),
      truncated,
    },
  };
}

/** An activity as it is sent; its key is the same at every replay of the same file. */
export interface SpikeActivity {
  id: string;
  userId: string;
  type: string;
  occurredAt: string;
  source: string;
  properties: Record<string, unknown>;
}

/** @param lineNumber from 1; with the line's hash it makes the id, so that a replay is a retry. */
export function toActivity(entry: LogEntry, line: string, lineNumber: number): SpikeActivity {
  const [, method, path] = /^([A-Za-z0-9_.-]{1,59}) (.+?)(?: HTTP\/\d(?:\.\d)?)?$/s.exec(entry.request) ?? [];
  const hash = createHash("sha256").update(line).digest("hex").slice(0, 16);
  return {
    // Fixed width: activities of one second sort by line.
    id: `log-${String(lineNumber).padStart(9, "0")}-${hash}`,
    userId: entry.client,
    type: method === undefined ? "http.other" : `http.${method.toLowerCase()}`,
    occurredAt: entry.at.toISOString(),
    source: "access-log",
    properties: {
      ...(method === undefined ? { request: entry.request } : { method, path }),
      status: entry.status,
      ...(entry.bytes !== null && { bytes: entry.bytes }),
      ...(entry.referrer !== null && { referrer: entry.referrer }),
      ...(entry.userAgent !== null && { userAgent: entry.userAgent }),
      ...(entry.truncated && { truncated: true }),
    },
  };
}
