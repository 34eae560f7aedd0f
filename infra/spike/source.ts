import { createReadStream } from "node:fs";
import { parseLogLine, type SpikeActivity, toActivity } from "./access-log.ts";

/** One thing to send, or one that cannot be; `origin` says where it comes from, to a person. */
export type SourceItem =
  | { kind: "activity"; activity: SpikeActivity; origin: string }
  | { kind: "unparseable"; origin: string; reason: string };

/** Cuts text into lines at \n or \r\n only: a log line may hold any other separator. */
export async function* lines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) yield part.endsWith("\r") ? part.slice(0, -1) : part;
  }
  if (rest !== "") yield rest;
}

/** The activities of an access log, in its order. Lines that cannot be read come out as such. */
export async function* replay(path: string): AsyncGenerator<SourceItem> {
  let lineNumber = 0;
  for await (const line of lines(createReadStream(path, { encoding: "utf8" }))) {
    lineNumber += 1;
    const origin = `line ${lineNumber}`;
    const parsed = parseLogLine(line);
    if (parsed.kind === "entry") yield { kind: "activity", activity: toActivity(parsed.entry, line, lineNumber), origin };
    else yield { kind: "unparseable", origin, reason: parsed.reason };
  }
}

/** mulberry32: a small seeded generator of numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws ranks 0 to `count` - 1, rank k with weight 1/(k+1): a few are busy and most are not (Zipf's law). */
export function zipf(count: number, random: () => number): () => number {
  const cumulative = new Float64Array(count);
  let total = 0;
  for (let rank = 0; rank < count; rank += 1) {
    total += 1 / (rank + 1);
    cumulative[rank] = total;
  }
  return () => {
    const target = random() * total;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulative[middle] ?? 0) <= target) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const KINDS = ["page.view", "page.view", "page.view", "search", "cart.add", "order.place", "video.play"] as const;
const SECTIONS = ["home", "news", "shop", "help", "account"] as const;

/**
 * Made-up activities without end. The seed gives the users and what they do; ids hold the start as well, so that two
 * runs of one seed are different activities.
 */
export async function* generate({ users, seed, now }: { users: number; seed: number; now: () => number }): AsyncGenerator<SourceItem> {
  const random = seededRandom(seed);
  const draw = zipf(users, random);
  const run = `${now().toString(36)}-${seed.toString(36)}`;
  const pick = <T>(from: readonly T[], fallback: T) => from[Math.floor(random() * from.length)] ?? fallback;
  for (let number = 1; ; number += 1) {
    const user = draw();
    const activity: SpikeActivity = {
      id: `spike-${run}-${String(number).padStart(9, "0")}`,
      userId: `user-${String(user + 1).padStart(String(users).length, "0")}`,
      type: pick(KINDS, "page.view"),
      occurredAt: new Date(now()).toISOString(),
      source: "spike",
      properties: { path: `/${pick(SECTIONS, "home")}/${Math.floor(random() * 1_000)}`, durationMs: Math.floor(random() * 2_000) },
    };
    yield { kind: "activity", activity, origin: `number ${number}` };
  }
}
