/** A quota, as `RateLimit-Policy` names it: so many units in so many seconds. */
export interface QuotaPolicy {
  name: string;
  quota: number;
  windowSeconds: number;
  /** What is counted, where it is not requests. */
  unit?: string;
}

/** What is left of a quota now. */
export interface QuotaState {
  name: string;
  remaining: number;
  /** Until there is more, seconds. */
  resetSeconds: number;
}

const whole = (value: number) => String(Math.max(0, Math.floor(value)));

/** The fields of draft-ietf-httpapi-ratelimit-headers-11: lists of strings with parameters (RFC 9651). */
export function rateLimitHeaders({ policies, states }: { policies: readonly QuotaPolicy[]; states: readonly QuotaState[] }): Record<string, string> {
  return {
    "RateLimit-Policy": policies.map(({ name, quota, windowSeconds, unit }) => `"${name}";q=${whole(quota)};w=${whole(windowSeconds)}${unit === undefined ? "" : `;qu="${unit}"`}`).join(", "),
    RateLimit: states.map(({ name, remaining, resetSeconds }) => `"${name}";r=${whole(remaining)};t=${whole(resetSeconds)}`).join(", "),
  };
}
