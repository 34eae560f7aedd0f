import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apiKeyHash, apiKeyId, bearerToken, newApiKey, sameHash, withoutApiKeys } from "./api-key.ts";

/** Random bytes as fast-check gives them, over and over; they end, so that bytes which are left out cannot be all there is. */
const bytesFrom = (given: readonly number[]) => {
  let place = 0;
  return (count: number) => Uint8Array.from({ length: count }, () => given[place++ % given.length] ?? 0);
};
const someBytes = fc.uint8Array({ minLength: 1, maxLength: 64 }).map((bytes) => [7].concat(Array.from(bytes)));

describe("a key", () => {
  it("has its form, names its id and is told by its hash, whatever the random bytes", () => {
    fc.assert(
      fc.property(someBytes, (bytes) => {
        const { id, key, hash } = newApiKey(bytesFrom(bytes));
        expect(key).toMatch(/^sw_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}$/);
        expect(apiKeyId(key)).toBe(id);
        expect(hash).toBe(apiKeyHash(key));
        expect(hash).not.toContain(key);
      }),
    );
  });

  it("is never the same twice, and uses the whole alphabet evenly", () => {
    const keys = Array.from({ length: 2_000 }, () => newApiKey().key);
    expect(new Set(keys).size).toBe(keys.length);
    const counts = new Map<string, number>();
    for (const key of keys) for (const letter of key.slice(-43)) counts.set(letter, (counts.get(letter) ?? 0) + 1);
    expect(counts.size).toBe(62);
    // 86,000 letters, 1,387 of each: a byte taken modulo 62 would give eight of them a quarter more, 1,680.
    for (const count of counts.values()) expect(count).toBeLessThan(1_600);
  });

  it("that differs in any one character has another hash", () => {
    const { key, hash } = newApiKey();
    fc.assert(
      fc.property(fc.nat(key.length - 1), fc.constantFrom("0", "A", "z", "_", " "), (place, letter) => {
        const other = `${key.slice(0, place)}${letter}${key.slice(place + 1)}`;
        expect(sameHash(apiKeyHash(other), hash)).toBe(other === key);
      }),
    );
  });

  it.each(["", "sw_live_", "sw_test_AAAAAAAAAAAA_" + "a".repeat(43), "sw_live_AAAAAAAAAAAA_" + "a".repeat(42), "sw_live_AAAAAAAAAAAA_" + "a".repeat(44), "sw_live_AAAAAAAAAAA-_" + "a".repeat(43), "sw_live_AAAAAAAAAAAA_" + "a".repeat(43) + "\n"])(
    "of another form is none: %j",
    (text) => expect(apiKeyId(text)).toBeNull(),
  );

  it("never stands whole in a text that was cleaned, and its id still does", () => {
    fc.assert(
      fc.property(someBytes, fc.string(), fc.string(), (bytes, before, after) => {
        const { id, key } = newApiKey(bytesFrom(bytes));
        const cleaned = withoutApiKeys(`${before}${key}${after}`);
        expect(cleaned).not.toContain(key.slice(-43));
        expect(cleaned).toContain(id);
      }),
    );
  });
});

describe("hashes", () => {
  it("are the same only where every byte is", () => {
    const hash = apiKeyHash("a");
    expect(sameHash(hash, hash)).toBe(true);
    expect(sameHash(hash, apiKeyHash("b"))).toBe(false);
    expect(sameHash(hash, hash.slice(2))).toBe(false);
    expect(sameHash(hash, "")).toBe(false);
  });
});

describe("the Authorization header", () => {
  it.each([
    ["Bearer abc", "abc"],
    ["bearer   abc ", "abc"],
    ["BEARER abc", "abc"],
    ["Bearerabc", null],
    ["Basic abc", null],
    ["Bearer", null],
    ["Bearer a b", null],
    ["abc", null],
    ["", null],
    [null, null],
  ])("%j", (header, token) => expect(bearerToken(header)).toBe(token));
});
