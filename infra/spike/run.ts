import type { Answer, Fate } from "./answers.ts";
import { readFates } from "./answers.ts";
import type { SpikeActivity } from "./access-log.ts";
import { createLanes } from "./lanes.ts";
import type { SourceItem } from "./source.ts";
import type { Tally } from "./tally.ts";

/** Bytes of one request: under the API's cap of 1 MiB, with the array's own brackets and commas. */
const MAX_REQUEST_BYTES = 1_000_000;
/** Activities read ahead of what is sent. */
const MAX_WAITING = 20_000;
/** Longest time spent on sending one batch again before it is given up, milliseconds. */
const PATIENCE_MS = 60_000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;

interface Sending {
  activity: SpikeActivity;
  text: string;
  origin: string;
}

export interface RunContext {
  post: (body: string) => Promise<Answer>;
  /** Monotonic milliseconds. */
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  random: () => number;
  tally: Tally;
}

/** Asked before each activity is read; a run that stops still finishes what it has read. */
export type Stopped = () => boolean;

/** Sends one batch until each activity has its last word; what is to be sent again goes in the same order. */
async function deliver(ctx: RunContext, batch: readonly Sending[]): Promise<void> {
  const giveUpAt = ctx.now() + PATIENCE_MS;
  let rest = batch;
  // Once unknown, always unknown: a later answer tells nothing of the first sending.
  const unknown = new Set<Sending>();
  for (let attempt = 1; ; attempt += 1) {
    const startedAt = ctx.now();
    const answer = await ctx.post(`[${rest.map((one) => one.text).join(",")}]`);
    ctx.tally.request(ctx.now() - startedAt);
    const fates = readFates(answer, rest.length);
    const again: { one: Sending; fate: Extract<Fate, { kind: "again" }> }[] = [];
    for (const [position, one] of rest.entries()) {
      const fate = fates[position];
      if (!fate) continue;
      if (fate.kind === "again") {
        if (fate.as === "unknown") unknown.add(one);
        again.push({ one, fate });
      } else ctx.tally.settle(one.activity.userId, one.origin, fate);
    }
    if (again.length === 0) return;
    const backoffMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)) * (0.5 + ctx.random() / 2);
    const askedMs = answer.kind === "answer" ? (answer.retryAfterSeconds ?? 0) * 1_000 : 0;
    const pauseMs = Math.max(backoffMs, askedMs);
    if (ctx.now() + pauseMs > giveUpAt) {
      for (const { one, fate } of again) ctx.tally.settle(one.activity.userId, one.origin, { ...fate, as: unknown.has(one) ? "unknown" : fate.as });
      return;
    }
    ctx.tally.retry();
    await ctx.sleep(pauseMs);
    rest = again.map(({ one }) => one);
  }
}

/** Sends everything the source gives, one user's activities in order, and counts what became of it. */
export async function runSpike({
  ctx,
  source,
  stopped,
  concurrency,
  batch,
  ratePerSecond,
}: {
  ctx: RunContext;
  source: AsyncIterable<SourceItem>;
  stopped: Stopped;
  concurrency: number;
  batch: number;
  ratePerSecond: number | null;
}): Promise<void> {
  const lanes = createLanes<Sending>({
    count: concurrency,
    keyOf: (one) => one.activity.userId,
    bytesOf: (one) => Buffer.byteLength(one.text) + 1,
    maxItems: batch,
    maxBytes: MAX_REQUEST_BYTES,
  });
  const sendLane = async (lane: number) => {
    for (let taken = await lanes.take(lane); taken; taken = await lanes.take(lane)) await deliver(ctx, taken);
  };
  const sending = Promise.all(Array.from({ length: concurrency }, (_, lane) => sendLane(lane)));

  const startedAt = ctx.now();
  let pushed = 0;
  try {
    for await (const item of source) {
      if (stopped()) break;
      if (item.kind === "unparseable") {
        ctx.tally.unparseable(item.origin, item.reason);
        continue;
      }
      const dueInMs = ratePerSecond === null ? 0 : startedAt + (pushed * 1_000) / ratePerSecond - ctx.now();
      if (dueInMs > 1) await ctx.sleep(dueInMs);
      await lanes.room(MAX_WAITING);
      if (stopped()) break;
      lanes.push({ activity: item.activity, text: JSON.stringify(item.activity), origin: item.origin });
      pushed += 1;
      // The source never waits when it makes things up: give the senders their turn.
      if (ratePerSecond === null && pushed % 256 === 0) await ctx.sleep(0);
    }
  } finally {
    lanes.end();
    await sending;
  }
}
