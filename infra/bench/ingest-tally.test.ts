import { expect, test } from "vitest";
import { createTally, faultOf } from "./ingest-tally.ts";

test("counts activities and the latencies of accepted and refused requests apart, since the last reset", () => {
  let nowMs = 0;
  const tally = createTally(() => nowMs);
  tally.note({ outcome: "accepted", accepted: 7, latencyMs: 900 });
  tally.reset();
  for (let latencyMs = 1; latencyMs <= 100; latencyMs += 1) tally.note({ outcome: "accepted", accepted: 2, latencyMs });
  tally.note({ outcome: "refused", accepted: 0, latencyMs: 5 });
  tally.note({ outcome: "failed", accepted: 0, latencyMs: 500 });
  nowMs = 2_000;
  expect(tally.measured()).toEqual({ seconds: 2, requests: 102, accepted: 200, refused: 1, failed: 1, p50Ms: 50, p99Ms: 99, refusalP50Ms: 5, refusalP99Ms: 5 });
  expect(tally.total).toEqual({ accepted: 207, failed: 1 });
});

test("finds fault with a request that failed, and with a queue that holds more or less than was accepted", () => {
  expect([faultOf({ accepted: 7, failed: 0, left: 7 }), faultOf({ accepted: 7, failed: 0 })]).toEqual([null, null]);
  expect(faultOf({ accepted: 7, failed: 1, left: 7 })).toContain("1 requests were neither");
  expect(faultOf({ accepted: 7, failed: 0, left: 8 })).toContain("the queue holds 8");
  expect(faultOf({ accepted: 7, failed: 0, left: 6 })).toContain("the queue holds 6");
});
