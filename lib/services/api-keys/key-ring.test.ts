import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ApiKeyScope } from "#lib/contracts/api-keys.ts";
import { newApiKey } from "#lib/domain/api-key.ts";
import type { ActiveApiKey } from "#lib/gateways/api-keys.ts";
import { createKeyRing, KEY_RING_TIMES, type KeyRingEvent } from "./key-ring.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));
const HOUR_MS = 3_600_000;

/** A ring over a made-up database, on a clock that stands until it is moved. */
function world({ maxAgeMs = HOUR_MS }: { maxAgeMs?: number } = {}) {
  let time = 1_000;
  const timers = new Set<{ at: number; action: () => void }>();
  const rows = new Map<string, Omit<ActiveApiKey, "expiresInMs"> & { expiresAt: number | null }>();
  const marks: { id: string; at: number }[][] = [];
  const events: KeyRingEvent[] = [];
  let away = false;
  let reads = 0;
  const ring = createKeyRing({
    keys: {
      async active() {
        reads += 1;
        if (away) throw new Error("connection refused");
        return [...rows.values()].flatMap(({ expiresAt, ...row }) => (expiresAt !== null && expiresAt <= time ? [] : [{ ...row, expiresInMs: expiresAt === null ? null : expiresAt - time }]));
      },
      async markUsed(uses) {
        if (away) throw new Error("connection refused");
        marks.push(uses.map(({ id, usedAgoMs }) => ({ id, at: time - usedAgoMs })));
      },
    },
    clock: {
      now: () => time,
      after(delayMs, action) {
        const timer = { at: time + delayMs, action };
        timers.add(timer);
        return () => timers.delete(timer);
      },
    },
    maxAgeMs,
    report: (event) => events.push(event),
  });
  return {
    ring,
    marks,
    events,
    reads: () => reads,
    setAway: (is: boolean) => {
      away = is;
    },
    add: (scopes: ApiKeyScope[] = ["ingest"], expiresInMs: number | null = null) => {
      const { id, key, hash } = newApiKey();
      rows.set(id, { id, hash, scopes, expiresAt: expiresInMs === null ? null : time + expiresInMs });
      return { id, header: `Bearer ${key}`, revoke: () => rows.delete(id) };
    },
    /** Lets time pass, each timer at its time. */
    pass: async (ms: number) => {
      const end = time + ms;
      for (;;) {
        await settled();
        const next = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        timers.delete(next);
        time = next.at;
        next.action();
      }
      time = end;
      await settled();
    },
  };
}

const NO_KEY = { ok: false, reason: "no_valid_key" };

describe("who is let in", () => {
  it("opens with a key of the scope, and with none else", async () => {
    const { ring, add } = world();
    const [ingest, read] = [add(["ingest"]), add(["read"])];
    await ring.start();
    expect(ring.authenticate(ingest.header, "ingest")).toEqual({ ok: true, keyId: ingest.id });
    expect(ring.authenticate(ingest.header, null)).toEqual({ ok: true, keyId: ingest.id });
    expect(ring.authenticate(read.header, "ingest")).toEqual({ ok: false, reason: "wrong_scope" });
    expect(ring.authenticate(read.header, "read")).toEqual({ ok: true, keyId: read.id });
  });

  it("answers the same to absent, malformed, unknown, wrong, revoked and expired", async () => {
    const { ring, add, pass } = world();
    const [known, revoked, expired] = [add(), add(), add(["ingest"], 5_000)];
    await ring.start();
    expect(ring.authenticate(expired.header, "ingest").ok).toBe(true);
    revoked.revoke();
    await pass(KEY_RING_TIMES.refreshMs);
    const unknown = `Bearer ${newApiKey().key}`;
    const wrong = `${known.header.slice(0, -1)}${known.header.endsWith("a") ? "b" : "a"}`;
    // The secret of one key under the id of another.
    const mixed = `Bearer sw_live_${known.id}_${revoked.header.slice(-43)}`;
    for (const header of [null, "", "Bearer x", known.header.slice(7), unknown, wrong, mixed, revoked.header, expired.header]) {
      expect(ring.authenticate(header, "ingest")).toEqual(NO_KEY);
    }
  });

  it("lets nobody in by chance: no made-up header opens anything", async () => {
    const { ring, add } = world();
    const { id, header } = add(["ingest", "read"]);
    await ring.start();
    const near = fc.oneof(
      fc.string(),
      fc.string().map((text) => `Bearer ${text}`),
      fc.stringMatching(/^[0-9A-Za-z]{43}$/).map((secret) => `Bearer sw_live_${id}_${secret}`),
      fc.constantFrom("__proto__", "constructor", "toString").map((name) => `Bearer sw_live_${name}`),
    );
    fc.assert(
      fc.property(near, (text) => {
        expect(ring.authenticate(text, null).ok).toBe(text === header);
      }),
    );
  });
});

describe("what changes in the database", () => {
  it("is known within 30 s, also where one read fails in between", async () => {
    const { ring, add, pass, setAway } = world();
    const gone = add();
    await ring.start();
    await pass(1);
    gone.revoke();
    setAway(true);
    await pass(KEY_RING_TIMES.refreshMs);
    setAway(false);
    const late = add();
    expect(ring.authenticate(gone.header, "ingest").ok).toBe(true);
    await pass(KEY_RING_TIMES.retryMs);
    expect(ring.authenticate(gone.header, "ingest")).toEqual(NO_KEY);
    expect(ring.authenticate(late.header, "ingest").ok).toBe(true);
  });

  it("is not asked for at each request", async () => {
    const { ring, add, pass, reads } = world();
    const { header } = add();
    await ring.start();
    for (let n = 0; n < 1_000; n += 1) ring.authenticate(header, "ingest");
    expect(reads()).toBe(1);
    await pass(60_000);
    expect(reads()).toBe(7);
  });
});

describe("while Postgres is away", () => {
  it("goes on with the last keys for a bounded time, then says that it does not know, until it does", async () => {
    const { ring, add, pass, setAway, events } = world({ maxAgeMs: HOUR_MS });
    const { header } = add();
    await ring.start();
    setAway(true);
    await pass(HOUR_MS - 1);
    expect(ring.authenticate(header, "ingest").ok).toBe(true);
    await pass(KEY_RING_TIMES.refreshMs);
    expect(ring.authenticate(header, "ingest")).toEqual({ ok: false, reason: "keys_unknown" });
    expect(events.map(({ event }) => event)).toEqual(["api_keys_unread", "api_keys_too_old"]);
    setAway(false);
    await pass(KEY_RING_TIMES.retryMs);
    expect(ring.authenticate(header, "ingest").ok).toBe(true);
    expect(events.at(-1)).toEqual({ event: "api_keys_read_again" });
  });

  it("still ends a key at its expiry, by a clock that nobody sets", async () => {
    const { ring, add, pass, setAway } = world();
    const { header } = add(["ingest"], 90_000);
    await ring.start();
    setAway(true);
    await pass(89_999);
    expect(ring.authenticate(header, "ingest").ok).toBe(true);
    await pass(1);
    expect(ring.authenticate(header, "ingest")).toEqual(NO_KEY);
  });

  it("does not call a key wrong that it never could look up", async () => {
    const { ring, add, setAway } = world();
    const { header } = add();
    setAway(true);
    await ring.start();
    expect(ring.authenticate(header, "ingest")).toEqual({ ok: false, reason: "keys_unknown" });
    expect(ring.authenticate("Bearer x", "ingest")).toEqual(NO_KEY);
  });
});

describe("the last use", () => {
  it("is written at most once a minute for each key, however much it is used, and at the end", async () => {
    const { ring, add, pass, marks } = world();
    const { id, header } = add();
    add();
    await ring.start();
    for (let second = 0; second < 180; second += 1) {
      ring.authenticate(header, "ingest");
      await pass(1_000);
    }
    expect(marks.length).toBeGreaterThan(1);
    expect(marks.length).toBeLessThanOrEqual(4);
    expect(marks.flat().every((mark) => mark.id === id)).toBe(true);
    const times = marks.flat().map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    ring.authenticate(header, "ingest");
    await ring.stop();
    expect(marks.at(-1)?.[0]?.at).toBeGreaterThan(times.at(-1) ?? 0);
  });

  it("waits while Postgres is away, and is not written for what opened nothing", async () => {
    const { ring, add, pass, marks, setAway } = world();
    const [used, refused] = [add(["ingest"]), add(["read"])];
    await ring.start();
    setAway(true);
    ring.authenticate(used.header, "ingest");
    ring.authenticate(refused.header, "ingest");
    await pass(30_000);
    expect(marks).toEqual([]);
    setAway(false);
    await pass(KEY_RING_TIMES.retryMs);
    expect(marks.flat()).toEqual([{ id: used.id, at: 1_000 }]);
  });
});

it("ends with nothing left to run", async () => {
  const { ring, add, pass, reads } = world();
  add();
  await ring.start();
  await ring.stop();
  await pass(HOUR_MS);
  expect(reads()).toBe(1);
});
