import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLanes } from "./lanes.ts";

interface Item {
  user: string;
  number: number;
  bytes: number;
}

const lanesOf = (count: number, maxItems: number, maxBytes: number) =>
  createLanes<Item>({ count, keyOf: (item) => item.user, bytesOf: (item) => item.bytes, maxItems, maxBytes });

describe("createLanes", () => {
  it("hands out every item once, one user's in order and in one lane, within the limits", async () => {
    const item = fc.record({ user: fc.constantFrom("a", "b", "c", "d", "e"), bytes: fc.integer({ min: 1, max: 60 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 7 }), async (made, count, maxItems) => {
        const lanes = lanesOf(count, maxItems, 100);
        const items = made.map((one, number) => ({ ...one, number }));
        const batches: { lane: number; batch: Item[] }[] = [];
        const takers = Array.from({ length: count }, async (_, lane) => {
          for (let batch = await lanes.take(lane); batch; batch = await lanes.take(lane)) {
            batches.push({ lane, batch });
            await Promise.resolve();
          }
        });
        for (const one of items) {
          lanes.push(one);
          if (one.number % 7 === 0) await Promise.resolve();
        }
        lanes.end();
        await Promise.all(takers);
        expect(batches.flatMap(({ batch }) => batch).sort((a, b) => a.number - b.number)).toEqual(items);
        expect(lanes.waiting()).toBe(0);
        for (const user of ["a", "b", "c", "d", "e"]) {
          const mine = batches.flatMap(({ lane, batch }) => batch.filter((one) => one.user === user).map((one) => ({ lane, number: one.number })));
          expect(new Set(mine.map((one) => one.lane)).size).toBeLessThanOrEqual(1);
          expect(mine.map((one) => one.number)).toEqual(mine.map((one) => one.number).sort((a, b) => a - b));
        }
        for (const { batch } of batches) {
          expect(batch.length).toBeLessThanOrEqual(maxItems);
          expect(batch.length === 1 || batch.reduce((sum, one) => sum + one.bytes, 0) <= 100).toBe(true);
        }
      }),
    );
  });

  it("makes the pusher wait for room", async () => {
    const lanes = lanesOf(1, 2, 1000);
    for (let number = 0; number < 4; number += 1) lanes.push({ user: "a", number, bytes: 1 });
    let free = false;
    const room = lanes.room(3).finally(() => {
      free = true;
    });
    await Promise.resolve();
    expect(free).toBe(false);
    await lanes.take(0);
    await room;
    expect(lanes.waiting()).toBe(2);
  });
});
