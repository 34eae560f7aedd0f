import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTokenBucket } from "./token-bucket.ts";

const steps = fc.array(
  fc.record({ waitMs: fc.oneof(fc.nat(50), fc.nat(5_000)), units: fc.integer({ min: 1, max: 64 }) }),
  { minLength: 1, maxLength: 200 },
);

/** Admitted units with their times, for a history of waits and requests. */
function admit(unitsPerSecond: number, burstSeconds: number, history: { waitMs: number; units: number }[]) {
  const bucket = createTokenBucket({ unitsPerSecond, burstSeconds, nowMs: 0 });
  let atMs = 0;
  return history.flatMap(({ waitMs, units }) => {
    atMs += waitMs;
    return bucket.tryTake(units, atMs) ? [{ atMs, units }] : [];
  });
}

describe("token bucket", () => {
  test("over any span admits at most rate * t and what it holds, or one larger request", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 10 }), steps, (rate, burstSeconds, history) => {
        const admitted = admit(rate, burstSeconds, history);
        const held = Math.max(rate * Math.max(1, burstSeconds), 64);
        admitted.forEach((first, from) => {
          let sum = 0;
          for (const { atMs, units } of admitted.slice(from)) {
            sum += units;
            expect(sum).toBeLessThanOrEqual((rate * (atMs - first.atMs)) / 1000 + held + 1e-6);
          }
        });
      }),
    );
  });

  test("starts with one second's worth, whatever burst it may gather", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 300 }), (rate, burstSeconds) => {
        const bucket = createTokenBucket({ unitsPerSecond: rate, burstSeconds, nowMs: 0 });
        let taken = 0;
        while (bucket.tryTake(1, 0)) taken += 1;
        expect(taken).toBe(rate);
      }),
    );
  });

  test("never starves: whatever is asked, it is admitted after the bucket has filled", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 10 }), fc.integer({ min: 1, max: 400 }), steps, (rate, burstSeconds, units, history) => {
        const bucket = createTokenBucket({ unitsPerSecond: rate, burstSeconds, nowMs: 0 });
        let atMs = 0;
        for (const step of history) {
          atMs += step.waitMs;
          bucket.tryTake(step.units, atMs);
        }
        const fullAfterMs = (Math.max(1, burstSeconds) + 64 / rate) * 1000;
        expect(bucket.tryTake(units, atMs + fullAfterMs + 1)).toBe(true);
      }),
    );
  });

  test("serves a steady load below its rate without a refusal", () => {
    const bucket = createTokenBucket({ unitsPerSecond: 200, burstSeconds: 300, nowMs: 0 });
    for (let atMs = 0; atMs < 60_000; atMs += 100) expect(bucket.tryTake(18, atMs)).toBe(true);
  });

  test("a debt is paid off first, a change of rate keeps what was gathered, a clock that steps back takes nothing", () => {
    const bucket = createTokenBucket({ unitsPerSecond: 10, burstSeconds: 5, nowMs: 0 });
    bucket.settle(30, 0);
    expect(bucket.tryTake(1, 2_000)).toBe(false);
    expect(bucket.tryTake(1, 2_100)).toBe(true);
    bucket.setRate(1, 12_000);
    expect(bucket.tryTake(5, 12_000)).toBe(true);
    expect(bucket.tryTake(1, 12_000)).toBe(false);
    expect(bucket.tryTake(1, 5_000)).toBe(false);
    expect(bucket.tryTake(1, 6_000)).toBe(true);
  });
});
