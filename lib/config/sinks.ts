import { z } from "zod";
import { type Environment, parseEnv } from "#lib/config/parse-env.ts";

const whole = (min: number, max: number, byDefault: number) =>
  z.coerce.number({ error: `must be a whole number from ${min} to ${max}` }).int().min(min).max(max).default(byDefault);

const sinksSchema = z
  .object({
    WEBHOOK_URL: z.url({ protocol: /^https?$/, error: "must be an https URL" }).optional(),
    WEBHOOK_SECRET: z.string().min(16, { error: "must have at least 16 characters" }).optional(),
    WEBHOOK_TIMEOUT_MS: whole(100, 30_000, 5_000),
    WEBHOOK_ALLOW_PRIVATE: z.stringbool({ error: "must be true or false" }).default(false),
    PUSH_FILTER_TABLE: z.string().min(3).default("activity-pushes"),
    PUSH_FILTER_DAYS: whole(0, 36_500, 30),
  })
  .superRefine((env, context) => {
    if (env.WEBHOOK_URL === undefined || !URL.canParse(env.WEBHOOK_URL)) return;
    const fault = (message: string) => context.addIssue({ code: "custom", path: ["WEBHOOK_URL"], message });
    const url = new URL(env.WEBHOOK_URL);
    if (url.username !== "" || url.password !== "") fault("must hold no user or password: sign with WEBHOOK_SECRET");
    if (!env.WEBHOOK_ALLOW_PRIVATE && url.protocol !== "https:") fault("must start with https:// (plain http only with WEBHOOK_ALLOW_PRIVATE=true)");
  });

const EXAMPLES = {
  WEBHOOK_URL: "https://hooks.example.com/activities",
  WEBHOOK_SECRET: "a long random text",
  WEBHOOK_TIMEOUT_MS: "5000",
  WEBHOOK_ALLOW_PRIVATE: "false",
  PUSH_FILTER_TABLE: "activity-pushes",
  PUSH_FILTER_DAYS: "30",
};

export interface WebhookConfig {
  url: string;
  secret: string | null;
  timeoutMs: number;
  /** Loopback, private and link-local receivers, and plain http, are allowed. */
  allowPrivate: boolean;
}

export interface SinksConfig {
  /** null = off. */
  webhook: WebhookConfig | null;
  /** Table of the dedup filter; needed only while a sink is on. */
  filterTable: string;
  /** How long a push is remembered; 0 = for ever. */
  filterDays: number;
}

/**
 * Reads where activities are pushed to after they are stored; all of it is off by default.
 * @throws ConfigError naming every variable that is wrong.
 */
export function sinksConfig(env: Environment = process.env): SinksConfig {
  const parsed = parseEnv(sinksSchema, env, EXAMPLES);
  return {
    webhook:
      parsed.WEBHOOK_URL === undefined
        ? null
        : { url: parsed.WEBHOOK_URL, secret: parsed.WEBHOOK_SECRET ?? null, timeoutMs: parsed.WEBHOOK_TIMEOUT_MS, allowPrivate: parsed.WEBHOOK_ALLOW_PRIVATE },
    filterTable: parsed.PUSH_FILTER_TABLE,
    filterDays: parsed.PUSH_FILTER_DAYS,
  };
}
