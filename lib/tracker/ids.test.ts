import fc from "fast-check";
import { expect, it } from "vitest";
import { uuidv7Time } from "#lib/services/activity/ingest-normalise.ts";
import { createIds } from "./ids.ts";

it("makes UUIDv7 ids of the clock's time that only grow, whatever clock and chance do", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 2 ** 41 }), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 0, max: 255 }),
      fc.integer({ min: 1, max: 300 }),
      (times, byte, each) => {
        let nowMs = 0;
        const makeId = createIds({ now: () => nowMs, fillRandom: (bytes) => bytes.fill(byte) });
        let last = "";
        let latest = 0;
        for (const time of times) {
          nowMs = time;
          latest = Math.max(latest, time);
          for (let count = 0; count < each; count += 1) {
            const id = makeId();
            expect(id > last).toBe(true);
            last = id;
            // More than 2,048 ids in a millisecond borrow from the next one.
            const ahead = (uuidv7Time(id) ?? 0) - latest;
            expect(ahead >= 0 && ahead <= (times.length * each) / 2_048 + 1).toBe(true);
          }
        }
      },
    ),
    { numRuns: 50 },
  );
});
