import { expect, test } from "vitest";
import { createPushClaims } from "./push-claims.ts";
import { createFakeFilter } from "./testing/fake-push.ts";
import { createVirtualClock } from "./testing/virtual-clock.ts";

async function createUnmarked() {
  const time = createVirtualClock();
  const { filter, rows, state } = createFakeFilter();
  let ids = 0;
  const claims = createPushClaims({ filter, clock: time.clock, random: () => 0.5, uuid: () => `claim-${(ids += 1)}` });
  const claim = await claims.claim("k", { longestMs: 1_000 });
  if (claim.kind !== "mine") throw new Error("the claim is not free");
  claims.made("k", claim.claim);
  state.away = true;
  const stop = new AbortController();
  const finished = claims.finish("k", stop.signal).catch(() => "failed");
  await time.advance(10_000);
  expect(await finished).toBe("failed");
  return { time, rows, state, stop, claims };
}

test("a push that could not be marked is marked once the filter is back, though nobody holds its message any more", async () => {
  const { time, rows, state, claims } = await createUnmarked();
  state.away = false;
  await time.advance(6_000);
  expect(rows.get("k")?.state).toBe("done");
  expect(claims.isMade("k")).toBe(false);
});

test("a stop ends the trying", async () => {
  const { time, rows, state, stop } = await createUnmarked();
  stop.abort();
  await time.advance(6_000);
  const calls = state.calls.length;
  state.away = false;
  await time.advance(60_000);
  expect(state.calls).toHaveLength(calls);
  expect(rows.get("k")?.state).toBe("claimed");
});
