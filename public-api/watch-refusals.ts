import { apiKeyId, bearerToken } from "#lib/domain/api-key.ts";
import type { Authenticate } from "#lib/services/api-keys/key-ring.ts";
import type { Log } from "./log.ts";

/** Pause between two lines, milliseconds: anybody can send requests without a key. */
const SAY_EVERY_MS = 60_000;
/** Ids named in one line. */
const IDS_NAMED = 5;

/**
 * Logs that requests were refused for their keys, at most once a minute: whoever revoked a key can see that somebody still
 * sends with it. The ids are as they were sent; a key's secret is never among them.
 * @param now monotonic milliseconds.
 */
export function watchRefusals(authenticate: Authenticate, log: Log, now: () => number = () => performance.now()): Authenticate {
  let saidAt = Number.NEGATIVE_INFINITY;
  let counts: Record<string, number> = {};
  let ids = new Set<string>();
  return (header, scope) => {
    const result = authenticate(header, scope);
    if (result.ok) return result;
    counts[result.reason] = (counts[result.reason] ?? 0) + 1;
    const id = apiKeyId(bearerToken(header) ?? "");
    if (id !== null && ids.size < IDS_NAMED) ids.add(id);
    if (now() - saidAt >= SAY_EVERY_MS) {
      saidAt = now();
      log("warn", "requests_refused_for_their_key", { ...counts, keyIds: [...ids] });
      counts = {};
      ids = new Set();
    }
    return result;
  };
}
