import { ConfigError } from "#lib/config/parse-env.ts";
import type { SinksConfig } from "#lib/config/sinks.ts";
import { isPublicAddress } from "#lib/domain/public-address.ts";
import { createWebhook } from "#lib/gateways/webhook.ts";
import { isIP } from "node:net";
import type { Clock } from "#worker/clock.ts";
import type { Sink } from "./sink.ts";
import { createWebhookSink } from "./webhook.ts";

interface SinkDeps {
  clock: Clock;
  random: () => number;
  /** Longest that one push may take: well within half the visibility, which is when it is renewed. */
  longestMs: number;
}

/** One maker per sink; null = the configuration leaves it off. A new sink is one file and one line here. */
const MAKERS: readonly ((config: SinksConfig, deps: SinkDeps) => Sink | null)[] = [
  ({ webhook: config }, deps) => {
    if (config === null) return null;
    const host = new URL(config.url).hostname.replaceAll(/^\[|\]$/g, "");
    if (!config.allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) {
      throw new ConfigError(["WEBHOOK_URL names an address that is not public (allowed only with WEBHOOK_ALLOW_PRIVATE=true)"]);
    }
    const timeoutMs = Math.min(config.timeoutMs, deps.longestMs);
    return createWebhookSink({ ...deps, config: { timeoutMs }, webhook: createWebhook({ ...config, timeoutMs, now: deps.clock.now }) });
  },
];

/** Longest that one push may take under a visibility timeout, milliseconds. */
export function longestPushMs(visibilitySeconds: number): number {
  const halfMs = visibilitySeconds * 500;
  return Math.max(halfMs - 2_000, halfMs / 2);
}

/**
 * The sinks that the configuration turns on, in the order in which each activity goes to them.
 * @throws ConfigError for a receiver that may not be pushed to.
 */
export function createSinks(config: SinksConfig, deps: SinkDeps): Sink[] {
  return MAKERS.flatMap((make) => make(config, deps) ?? []);
}
