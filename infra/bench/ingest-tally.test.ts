import { expect, test } from "vitest";
import { createTally } from "./ingest-tally.ts";

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
