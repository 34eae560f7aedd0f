import { z } from "zod";
import { type Environment, parseEnv } from "#lib/config/parse-env.ts";

const number = (min: number, max: number) => z.coerce.number({ error: `must be a whole number from ${min} to ${max}` }).int().min(min).max(max);

const healthSchema = z.object({
  WORKER_HOST: z.string().default("127.0.0.1"),
  WORKER_PORT: number(0, 65_535).default(9464),
  WORKER_BLOCKED_SECONDS: number(0, 3_600).optional(),
});

const EXAMPLES = { WORKER_HOST: "127.0.0.1", WORKER_PORT: "9464", WORKER_BLOCKED_SECONDS: "30" };

export interface WorkerHealthConfig {
  host: string;
  /** 0 = any free one; one that is taken is replaced by a free one too. */
  port: number;
  /** A worker whose event loop is blocked for this long ends itself; null = derived from the visibility, 0 = never. */
  blockedSeconds: number | null;
}

/**
 * Reads where a worker tells of its health.
 * @throws ConfigError naming every variable that is wrong.
 */
export function workerHealthConfig(env: Environment = process.env): WorkerHealthConfig {
  const parsed = parseEnv(healthSchema, env, EXAMPLES);
  return { host: parsed.WORKER_HOST, port: parsed.WORKER_PORT, blockedSeconds: parsed.WORKER_BLOCKED_SECONDS ?? null };
}
