import { z } from "zod";
import { type Environment, parseEnv } from "#lib/config/parse-env.ts";

const whole = (min: number, max: number) =>
  z.coerce.number({ error: "must be a number" }).int({ error: "must be a whole number" }).min(min, { error: `must be at least ${min}` }).max(max, { error: `must be at most ${max}` });

/** One origin, or `*`, between commas. An origin is scheme, host and port as a browser sends them (RFC 6454). */
const origins = z
  .string()
  .transform((text) => text.split(",").map((origin) => origin.trim()))
  .refine((all) => all.every((origin) => origin === "*" || (URL.canParse(origin) && /^https?:/.test(origin) && new URL(origin).origin === origin)), {
    error: "must be origins such as https://shop.example between commas, without a path or a / at the end, or *",
  })
  .refine((all) => all.length === 1 || !all.includes("*"), { error: "must be * alone, or a list of origins without it" });

const publicApiSchema = z.object({
  PUBLIC_API_HOST: z.string().default("127.0.0.1"),
  PUBLIC_API_PORT: whole(0, 65_535).default(3001),
  PUBLIC_API_DEADLINE_MS: whole(100, 120_000).default(10_000),
  PUBLIC_API_MAX_REQUESTS: whole(1, 100_000).default(1_000),
  PUBLIC_API_MAX_HELD_BYTES: whole(2 * 1024 * 1024, 4 * 1024 ** 3).default(64 * 1024 * 1024),
  PUBLIC_API_MAX_LOOP_DELAY_MS: whole(1, 60_000).default(100),
  PUBLIC_API_CORS_ORIGINS: origins.default([]),
  PUBLIC_API_KEYS_MAX_AGE_SECONDS: whole(60, 604_800).default(43_200),
  PUBLIC_API_USER_PENDING_MAX: whole(0, 100_000_000).default(20_000),
  PUBLIC_API_READ_SHARE: z.coerce.number({ error: "must be a number" }).min(0.01, { error: "must be at least 0.01" }).max(0.9, { error: "must be at most 0.9" }).default(0.5),
  PUBLIC_API_READS_PER_KEY_PER_SECOND: whole(1, 10_000).default(20),
});

const EXAMPLES = {
  PUBLIC_API_HOST: "0.0.0.0",
  PUBLIC_API_PORT: "3001",
  PUBLIC_API_DEADLINE_MS: "10000",
  PUBLIC_API_MAX_REQUESTS: "1000",
  PUBLIC_API_MAX_HELD_BYTES: "67108864",
  PUBLIC_API_MAX_LOOP_DELAY_MS: "100",
  PUBLIC_API_CORS_ORIGINS: "https://shop.example,https://www.shop.example",
  PUBLIC_API_KEYS_MAX_AGE_SECONDS: "43200",
  PUBLIC_API_USER_PENDING_MAX: "20000",
  PUBLIC_API_READ_SHARE: "0.5",
  PUBLIC_API_READS_PER_KEY_PER_SECOND: "20",
};

export interface PublicApiConfig {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Longest wait of a request for its verdicts, milliseconds. */
  deadlineMs: number;
  /** Requests in work at once; more are shed with 429. */
  maxRequests: number;
  /** Bytes of bodies in work at once; more are shed with 429. */
  maxHeldBytes: number;
  /** Lateness of the event loop from which on requests are shed with 429, milliseconds. */
  maxLoopDelayMs: number;
  /** Origins whose pages may send; `*` alone is any, none is none. */
  corsOrigins: readonly string[];
  /** How long the keys last read go on opening while Postgres does not answer, milliseconds. */
  keysMaxAgeMs: number;
  /** Activities that may wait for one user, about; 0 = any number. */
  userPendingMax: number;
  /** Share of the table's provisioned read units that reading activities may spend, over all processes. */
  readShare: number;
  /** Requests to read activities that one key may make in this process, a second. */
  readsPerKeyPerSecond: number;
}

/**
 * Reads how the public API listens and what it bears.
 * @throws ConfigError naming every variable that is wrong.
 */
export function publicApiConfig(env: Environment = process.env): PublicApiConfig {
  const parsed = parseEnv(publicApiSchema, env, EXAMPLES);
  return {
    host: parsed.PUBLIC_API_HOST,
    port: parsed.PUBLIC_API_PORT,
    deadlineMs: parsed.PUBLIC_API_DEADLINE_MS,
    maxRequests: parsed.PUBLIC_API_MAX_REQUESTS,
    maxHeldBytes: parsed.PUBLIC_API_MAX_HELD_BYTES,
    maxLoopDelayMs: parsed.PUBLIC_API_MAX_LOOP_DELAY_MS,
    corsOrigins: parsed.PUBLIC_API_CORS_ORIGINS,
    keysMaxAgeMs: parsed.PUBLIC_API_KEYS_MAX_AGE_SECONDS * 1000,
    userPendingMax: parsed.PUBLIC_API_USER_PENDING_MAX,
    readShare: parsed.PUBLIC_API_READ_SHARE,
    readsPerKeyPerSecond: parsed.PUBLIC_API_READS_PER_KEY_PER_SECOND,
  };
}
