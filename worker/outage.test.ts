import { expect, test } from "vitest";
import { createOutage } from "./outage.ts";
import { createVirtualClock } from "./testing/virtual-clock.ts";

function create() {
  const time = createVirtualClock();
  const { clock } = time;
  const outage = createOutage({ clock, random: () => 1, onChange: () => undefined });
  return { outage, clock, advance: (ms: number) => time.advance(ms) };
}

test("each probe that fails doubles the pause, up to half a minute", async () => {
  const { outage, clock, advance } = create();
  const pauses: number[] = [];
  for (let probe = 0; probe < 12; probe += 1) {
    const begunMs = clock.monotonic();
    await advance(2_000);
    pauses.push(outage.failed(begunMs));
    expect(outage.waiting()).toBe(true);
    await advance(pauses.at(-1) ?? 0);
    expect(outage.waiting()).toBe(false);
  }
  expect(pauses.slice(0, 4)).toEqual([100, 200, 400, 800]);
  expect(pauses.at(-1)).toBe(30_000);
});

test("tries that were under way together are one failure, however many and however late", async () => {
  const { outage, clock, advance } = create();
  const begunMs = clock.monotonic();
  await advance(2_000);
  for (let tried = 0; tried < 64; tried += 1) expect(outage.failed(begunMs)).toBe(100);
  await advance(5_000);
  expect(outage.failed(begunMs)).toBe(0);
  expect(outage.waiting()).toBe(false);
  expect(outage.active()).toBe(true);
  // The next one that says something new is a probe.
  expect(outage.failed(clock.monotonic())).toBe(200);
});

test("an answer ends it, and the next failure begins anew", async () => {
  const { outage, clock, advance } = create();
  for (let probe = 0; probe < 5; probe += 1) {
    outage.failed(clock.monotonic());
    await advance(5_000);
  }
  outage.answered();
  expect(outage.active()).toBe(false);
  expect(outage.waiting()).toBe(false);
  expect(outage.failed(0)).toBe(100);
});
