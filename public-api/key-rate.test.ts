import { expect, it } from "vitest";
import { createKeyRate } from "./key-rate.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";

it("lets each key have a second's worth at once, and its rate from then on", () => {
  let time = 0;
  const rate = createKeyRate({ perSecond: 4, now: () => time });
  const takes = (key: string, times: number) => Array.from({ length: times }, () => rate.take(key).ok).filter(Boolean).length;
  expect(takes("a", 10)).toBe(4);
  expect(takes("b", 10)).toBe(4);
  expect(rate.take("a")).toEqual({ ok: false, remaining: 0, resetSeconds: 1 });
  time = 500;
  expect(takes("a", 10)).toBe(2);
  time = 1_000_000;
  expect(rate.take("a")).toEqual({ ok: true, remaining: 3, resetSeconds: 1 });
});

it("forgets keys that rest, and none that does not", () => {
  let time = 0;
  const rate = createKeyRate({ perSecond: 1, now: () => time });
  for (let n = 0; n < 2_000; n += 1) rate.take(`key-${n}`);
  time = 900;
  expect(rate.take("key-0").ok).toBe(false);
  expect(rate.take("one-more").ok).toBe(true);
  expect(rate.take("key-1").ok).toBe(false);
});

it("is said in whole numbers, as structured fields", () => {
  expect(
    rateLimitHeaders({
      policies: [
        { name: "key", quota: 20, windowSeconds: 1 },
        { name: "reads", quota: 62.5, windowSeconds: 1, unit: "read-units" },
      ],
      states: [{ name: "key", remaining: 19.9, resetSeconds: 1 }],
    }),
  ).toEqual({ "RateLimit-Policy": '"key";q=20;w=1, "reads";q=62;w=1;qu="read-units"', RateLimit: '"key";r=19;t=1' });
});
