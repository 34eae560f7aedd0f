import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";

/** What one line of the log says, read anew here, so that the replay is not checked against itself. */
export interface LogLine {
  user: string;
  /** ISO 8601, UTC. */
  occurredAt: string;
  method: string;
  path: string;
}

const LINE = /^(\S+) \S+ \S+ \[(\d\d)\/(\w{3})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})\] "(\S+) (.*) HTTP\/[\d.]+" /;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function readLine(line: string): LogLine {
  const [, user = "", day, month = "", year, time, zone = "", method = "", path = ""] = LINE.exec(line) ?? [];
  const monthNumber = String(MONTHS.indexOf(month) + 1).padStart(2, "0");
  const at = new Date(`${year}-${monthNumber}-${day}T${time}${zone.slice(0, 3)}:${zone.slice(3)}`);
  return { user, occurredAt: at.toISOString(), method, path };
}

/** A made-up log of the same form, for a checkout that has no real one beside it. */
function madeUp(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const second = String(index % 60).padStart(2, "0");
    const minute = String(Math.floor(index / 60) % 60).padStart(2, "0");
    const client = index % 7 === 0 ? "203.0.113.7" : `198.51.100.${index % 251}`;
    return `${client} - - [17/May/2015:10:${minute}:${second} +0000] "GET /page/${index}?q=${index % 13} HTTP/1.1" 200 ${1000 + index} "-" "Mozilla/5.0 (X11; Linux x86_64)"`;
  });
}

/**
 * Takes the first `count` lines of a real access log: SPILLWAY_ACCESS_LOG, or the one in a `shared` folder beside the
 * checkout; without either, a made-up one.
 * @returns what the lines say, and a file that holds just them.
 */
export async function accessLog({ count, file }: { count: number; file: string }): Promise<LogLine[]> {
  const real = process.env.SPILLWAY_ACCESS_LOG ?? resolve("..", "shared", "data", "access.log");
  const lines = existsSync(real) ? (await readFile(real, "utf8")).split("\n").slice(0, count) : madeUp(count);
  await writeFile(file, `${lines.join("\n")}\n`);
  return lines.map(readLine);
}
