import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { activityInputSchema } from "#lib/contracts/activity.ts";
import { generate, lines, replay, type SourceItem, zipf } from "./source.ts";

async function take<T>(from: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const one of from) {
    taken.push(one);
    if (taken.length >= count) break;
  }
  return taken;
}

async function* chunked(text: string, size: number) {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

describe("lines", () => {
  it("gives the same lines however the file comes in", async () => {
    const line = fc.string({ unit: fc.constantFrom("a", "\r", "\u2028", " ", '"') });
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 7 }), async (made, size) => {
        const text = made.map((one) => `${one}\n`).join("");
        expect(await take(lines(chunked(text, size)), 1e6)).toEqual(made.map((one) => one.replace(/\r$/, "")));
      }),
    );
  });
});

describe("replay", () => {
  it("gives every line a fate, with its number", async () => {
    const directory = await mkdtemp(join(tmpdir(), "spike-"));
    try {
      const path = join(directory, "small.log");
      const good = '198.51.100.7 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1234 "-" "-"';
      await writeFile(path, `${good}\r\n\nwhat is this\n${good}`);
      expect(await take(replay(path), 10)).toMatchObject([
        { kind: "activity", origin: "line 1" },
        { kind: "unparseable", origin: "line 2", reason: "the line is empty" },
        { kind: "unparseable", origin: "line 3" },
        { kind: "activity", origin: "line 4" },
      ]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe("generate", () => {
  const made = async (seed: number, now: number, count = 200) => {
    const items: SourceItem[] = await take(generate({ users: 50, seed, now: () => now }), count);
    return items.flatMap((item) => (item.kind === "activity" ? [item.activity] : []));
  };

  it("makes valid activities with ids of their own", async () => {
    const activities = await made(1, 1_000);
    expect(activities.every((activity) => activityInputSchema.safeParse(activity).success)).toBe(true);
    expect(new Set(activities.map((activity) => activity.id)).size).toBe(200);
  });

  it("repeats users and deeds of a seed, under other ids at another time", async () => {
    const strip = (activities: Awaited<ReturnType<typeof made>>) => activities.map(({ userId, type, properties }) => [userId, type, properties]);
    expect(strip(await made(3, 1_000))).toEqual(strip(await made(3, 2_000)));
    expect(strip(await made(3, 1_000))).not.toEqual(strip(await made(4, 1_000)));
    expect((await made(3, 1_000))[0]?.id).not.toBe((await made(3, 2_000))[0]?.id);
  });

  it("has a few busy users and many quiet ones", async () => {
    const counts = new Map<string, number>();
    for (const { userId } of await made(5, 0, 5_000)) counts.set(userId, (counts.get(userId) ?? 0) + 1);
    const busiest = [...counts].sort((a, b) => b[1] - a[1]);
    expect(busiest[0]?.[0]).toBe("user-01");
    expect(busiest[0]?.[1]).toBeGreaterThan(5_000 / 8);
    expect(counts.size).toBeGreaterThan(40);
  });

  it("draws only existing ranks", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (count, drawn) => {
        const rank = zipf(count, () => drawn)();
        expect(rank >= 0 && rank < count).toBe(true);
      }),
    );
  });
});
