import { z } from "zod";
import { type Environment, parseEnv } from "#lib/config/parse-env.ts";

const whole = (min: number, max: number, byDefault: number) =>
  z.coerce.number({ error: `must be a whole number from ${min} to ${max}` }).int().min(min).max(max).default(byDefault);

const workerSchema = z
  .object({
    WORKER_ATTEMPTS: whole(1, 100, 5),
    WORKER_VISIBILITY_SECONDS: whole(2, 43_200, 30),
    WORKER_STORE_TIMEOUT_MS: whole(100, 60_000, 8_000),
    WORKER_RECEIVE_LOOPS: whole(1, 64, 8),
    WORKER_STOP_SECONDS: whole(1, 600, 15),
    ACTIVITY_RETENTION_DAYS: whole(0, 36_500, 90),
    LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
  })
  .refine((env) => env.WORKER_STORE_TIMEOUT_MS * 2 <= env.WORKER_VISIBILITY_SECONDS * 1000, {
    path: ["WORKER_STORE_TIMEOUT_MS"],
    error: "must be at most half of WORKER_VISIBILITY_SECONDS, so that no write outlives its message's visibility",
  });

const EXAMPLES = {
  WORKER_ATTEMPTS: "5",
  WORKER_VISIBILITY_SECONDS: "30",
  WORKER_STORE_TIMEOUT_MS: "8000",
  WORKER_RECEIVE_LOOPS: "8",
  WORKER_STOP_SECONDS: "15",
  ACTIVITY_RETENTION_DAYS: "90",
  LOG_LEVEL: "info",
};

export interface WorkerConfig {
  /** Failed attempts after which a message dies. */
  attempts: number;
  /** How long a received message is hidden from others; renewed while the worker still holds it. */
  visibilitySeconds: number;
  /** Longest wait for one store, at most half the visibility. */
  storeTimeoutMs: number;
  /** Receive calls at once, at most. */
  receiveLoops: number;
  /** How long a graceful stop may take. */
  stopSeconds: number;
  /** Days an item is kept after it was accepted; 0 = for ever. */
  retentionDays: number;
  logLevel: "debug" | "info" | "warn" | "error";
}

/**
 * Reads what is the worker's own; everything has a default.
 * @throws ConfigError naming every variable that is wrong.
 */
export function workerConfig(env: Environment = process.env): WorkerConfig {
  const parsed = parseEnv(workerSchema, env, EXAMPLES);
  return {
    attempts: parsed.WORKER_ATTEMPTS,
    visibilitySeconds: parsed.WORKER_VISIBILITY_SECONDS,
    storeTimeoutMs: parsed.WORKER_STORE_TIMEOUT_MS,
    receiveLoops: parsed.WORKER_RECEIVE_LOOPS,
    stopSeconds: parsed.WORKER_STOP_SECONDS,
    retentionDays: parsed.ACTIVITY_RETENTION_DAYS,
    logLevel: parsed.LOG_LEVEL,
  };
}
