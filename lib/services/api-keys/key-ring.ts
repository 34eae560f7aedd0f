import type { ApiKeyScope } from "#lib/contracts/api-keys.ts";
import { apiKeyHash, apiKeyId, bearerToken, sameHash } from "#lib/domain/api-key.ts";
import type { ActiveApiKey, ApiKeys } from "#lib/gateways/api-keys.ts";

/** Pause between two reads of the keys, and after one that failed. With the database's time limits a revoked key is refused within 30 s. */
export const KEY_RING_TIMES = { refreshMs: 10_000, retryMs: 2_000, usedEveryMs: 60_000 } as const;

/** Compared with where no key has the id, so that the answer takes as long. */
const NO_HASH = "0".repeat(64);

export type Authenticated =
  | { ok: true; keyId: string }
  /** `no_valid_key`: absent, malformed, unknown, wrong, expired or revoked. `keys_unknown`: the keys could not be read, now or lately enough. */
  | { ok: false; reason: "no_valid_key" | "wrong_scope" | "keys_unknown" };

/** @param scope what the key must open; null = any key will do. */
export type Authenticate = (header: string | null, scope: ApiKeyScope | null) => Authenticated;

export interface KeyRingEvent {
  event: "api_keys_unread" | "api_keys_read_again" | "api_keys_too_old";
  error?: string;
}

interface HeldKey extends Omit<ActiveApiKey, "expiresInMs"> {
  /** By our own clock: a wrong time of day on this machine must not revive an expired key. */
  expiresAtMs: number;
}

export interface KeyRingClock {
  /** Monotonic milliseconds. */
  now: () => number;
  /** Runs the action later. @returns cancels it. */
  after: (delayMs: number, action: () => void) => () => void;
}

/**
 * The active keys, held in memory and read again every 10 s, so that a request costs no query and goes on being
 * answered while Postgres is away.
 *
 * @param maxAgeMs how long the last read goes on opening while none succeeds; then no key opens anything.
 */
export function createKeyRing({
  keys,
  clock,
  maxAgeMs,
  report,
}: {
  keys: Pick<ApiKeys, "active" | "markUsed">;
  clock: KeyRingClock;
  maxAgeMs: number;
  report: (event: KeyRingEvent) => void;
}) {
  let held: ReadonlyMap<string, HeldKey> = new Map();
  /** When the read began that gave what is held; null before the first. */
  let readAt: number | null = null;
  let away = false;
  let saidTooOld = false;
  /** Last use of each key, and the last one that was written. */
  const usedAt = new Map<string, number>();
  const writtenAt = new Map<string, number>();
  let cancel: () => void = () => undefined;
  let stopped = false;

  const tooOld = () => readAt === null || clock.now() - readAt > maxAgeMs;

  async function writeUses({ all = false } = {}): Promise<void> {
    const now = clock.now();
    const due = [...usedAt].filter(([id, at]) => all || at - (writtenAt.get(id) ?? Number.NEGATIVE_INFINITY) >= KEY_RING_TIMES.usedEveryMs);
    if (due.length === 0) return;
    await keys.markUsed(due.map(([id, at]) => ({ id, usedAgoMs: now - at })));
    for (const [id, at] of due) {
      writtenAt.set(id, at);
      if (usedAt.get(id) === at) usedAt.delete(id);
    }
  }

  async function read(): Promise<void> {
    const startedAt = clock.now();
    const rows = await keys.active();
    held = new Map(rows.map(({ expiresInMs, ...key }) => [key.id, { ...key, expiresAtMs: expiresInMs === null ? Number.POSITIVE_INFINITY : startedAt + expiresInMs }]));
    readAt = startedAt;
    saidTooOld = false;
    for (const id of writtenAt.keys()) if (!held.has(id)) writtenAt.delete(id);
  }

  /** Reads the keys once, and writes which were used. Never throws. @returns whether the keys were read. */
  async function refresh(): Promise<boolean> {
    try {
      await read();
      if (away) report({ event: "api_keys_read_again" });
      away = false;
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : String(cause);
      if (!away) report({ event: "api_keys_unread", error });
      away = true;
      if (tooOld() && !saidTooOld) report({ event: "api_keys_too_old" });
      saidTooOld ||= tooOld();
      return false;
    }
    // Of no weight: what is not written now is written with the next one.
    await writeUses().catch(() => undefined);
    return true;
  }

  async function keepFresh(): Promise<void> {
    const startedAt = clock.now();
    const succeeded = await refresh();
    if (stopped) return;
    const pauseMs = succeeded ? Math.max(0, startedAt + KEY_RING_TIMES.refreshMs - clock.now()) : KEY_RING_TIMES.retryMs;
    cancel = clock.after(pauseMs, () => void keepFresh());
  }

  const authenticate: Authenticate = (header, scope) => {
    const token = bearerToken(header);
    const id = token === null ? null : apiKeyId(token);
    if (token === null || id === null) return { ok: false, reason: "no_valid_key" };
    if (tooOld()) return { ok: false, reason: "keys_unknown" };
    const key = held.get(id);
    const same = sameHash(apiKeyHash(token), key?.hash ?? NO_HASH);
    if (key === undefined || !same || clock.now() >= key.expiresAtMs) return { ok: false, reason: "no_valid_key" };
    if (scope !== null && !key.scopes.includes(scope)) return { ok: false, reason: "wrong_scope" };
    usedAt.set(id, clock.now());
    return { ok: true, keyId: id };
  };

  return {
    authenticate,
    /** Reads the keys and goes on doing so. Resolves after the first try, whatever came of it. */
    start: keepFresh,
    /** Ends the reading, and writes the last uses if it can. */
    async stop(): Promise<void> {
      stopped = true;
      cancel();
      await writeUses({ all: true }).catch(() => undefined);
    },
  };
}
