import { parseArgs } from "node:util";
import { ACTIVITY_LIMITS } from "#lib/contracts/activity.ts";

export interface SpikeOptions {
  /** Access log to replay; null generates one. */
  file: string | null;
  users: number;
  /** Activities per second; null is as fast as it goes. */
  ratePerSecond: number | null;
  /** Longest run; null is to the end of the file. Milliseconds. */
  forMs: number | null;
  url: string;
  /** Lanes, each with one request under way at a time. */
  concurrency: number;
  /** Most activities of one request. */
  batch: number;
  seed: number;
}

export type ParsedOptions = { kind: "run"; options: SpikeOptions } | { kind: "help" } | { kind: "wrong"; message: string };

export const DEFAULT_URL = "http://127.0.0.1:3001";
const DEFAULT_GENERATED_MS = 10_000;

export const USAGE = `Usage: npm run spike -- [options]

Sends a spike of activities to the public API: those of a real access log, or made-up ones.

  --file PATH       replay an Apache access log (combined or common format); each line is one activity
  --users N         make activities of N users, a few of them busy and most of them not (1000)
  --rate R          activities per second (as fast as it goes)
  --for DURATION    make no more after 500ms, 30s or 5m, and finish what is made (a log: at its end; made-up ones: 10s)
  --url URL         where the public API listens (${DEFAULT_URL})
  --concurrency N   requests under way at a time (16)
  --batch N         most activities of one request, up to ${ACTIVITY_LIMITS.activitiesPerRequest} (50)
  --seed N          make the same users and paths again (random)
  --help            this text

The API key is that of the start which runs here; for another place it is read from SPILLWAY_API_KEY.
Replaying a log again sends the same activities again: nothing is stored twice.
Ends with 0 when every activity was accepted, 1 when not, 2 for a wrong option.
`;

class WrongOption extends Error {}

function number(name: string, text: string | undefined, fallback: number, { min, max, whole }: { min: number; max: number; whole: boolean }): number {
  if (text === undefined) return fallback;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value) || value < min || value > max || (whole && !Number.isInteger(value))) {
    throw new WrongOption(`--${name} must be a ${whole ? "whole " : ""}number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}

function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ""] ?? 0;
  const value = Number(match?.[1]) * unitMs;
  if (!match || value <= 0) throw new WrongOption(`--for must be a duration such as 500ms, 30s or 5m, not "${text}"`);
  return value;
}

function address(text: string): string {
  const url = URL.parse(text);
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) throw new WrongOption(`--url must be an address such as ${DEFAULT_URL}, not "${text}"`);
  return text.replace(/\/+$/, "");
}

const string = { type: "string" } as const;

/** Reads the command line. @param defaultSeed used where none is given. */
export function parseOptions(args: readonly string[], { defaultUrl = DEFAULT_URL, defaultSeed }: { defaultUrl?: string; defaultSeed: number }): ParsedOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { file: string, users: string, rate: string, for: string, url: string, concurrency: string, batch: string, seed: string, help: { type: "boolean" } },
    });
    if (values.help) return { kind: "help" };
    if (values.file !== undefined && values.users !== undefined) throw new WrongOption("--users is for made-up activities: a log given by --file has its own users");
    const file = values.file ?? null;
    const forMs = values.for === undefined ? null : duration(values.for);
    return {
      kind: "run",
      options: {
        file,
        users: number("users", values.users, 1_000, { min: 1, max: 1_000_000, whole: true }),
        ratePerSecond: values.rate === undefined ? null : number("rate", values.rate, 0, { min: 0.1, max: 1_000_000, whole: false }),
        forMs: forMs ?? (file === null ? DEFAULT_GENERATED_MS : null),
        url: address(values.url ?? defaultUrl),
        concurrency: number("concurrency", values.concurrency, 16, { min: 1, max: 1_000, whole: true }),
        batch: number("batch", values.batch, 50, { min: 1, max: ACTIVITY_LIMITS.activitiesPerRequest, whole: true }),
        seed: number("seed", values.seed, defaultSeed, { min: 0, max: 2 ** 32 - 1, whole: true }),
      },
    };
  } catch (cause) {
    const message = cause instanceof Error ? (cause.message.split("\n", 1)[0] ?? cause.message) : String(cause);
    return { kind: "wrong", message };
  }
}
