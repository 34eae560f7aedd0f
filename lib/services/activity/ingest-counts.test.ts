import { describe, expect, it } from "vitest";
import type { Verdict } from "#lib/contracts/ingest.ts";
import type { IngestSample } from "#lib/gateways/ingest-samples.ts";
import { type CountsEvent, createIngestCounter } from "./ingest-counts.ts";

const accepted: Verdict = { status: "accepted", id: "a", occurredAt: "2026-01-31T12:00:00.000Z" };
const refused: Verdict = { status: "refused", reason: "bad" };
const unknown: Verdict = { status: "unknown", id: "a", reason: "lost" };
const notSent: Verdict = { status: "not_sent", id: "a", reason: "away" };

function setUp(maxBufferedSeconds = 900) {
  const state = { now: 1_000_000, away: false };
  const written: IngestSample[] = [];
  const events: CountsEvent[] = [];
  const counter = createIngestCounter({
    processId: "p",
    now: () => state.now,
    write: (samples) => {
      if (state.away) return Promise.reject(new Error("no database"));
      written.push(...samples);
      return Promise.resolve();
    },
    report: (event) => events.push(event),
    maxBufferedSeconds,
  });
  return { state, written, events, counter };
}

describe("createIngestCounter", () => {
  it("writes each second once, when it is over", async () => {
    const { state, written, counter } = setUp();
    counter.count([accepted, accepted, refused]);
    counter.count([unknown, notSent]);
    await counter.flush();
    expect(written).toEqual([]);
    state.now += 1000;
    counter.count([accepted]);
    await counter.flush();
    await counter.flush();
    expect(written).toEqual([{ processId: "p", second: new Date(1_000_000), accepted: 2, refused: 1, unknown: 2 }]);
    state.now += 2500;
    await counter.flush({ all: true });
    expect(written.slice(1).map((one) => [one.second.getTime(), one.accepted])).toEqual([
      [1_001_000, 1],
      [1_002_000, 0],
      [1_003_000, 0],
    ]);
  });

  it("does not make up the seconds of a stopped process", async () => {
    const { state, written, counter } = setUp();
    await counter.flush();
    state.now += 3_600_000;
    await counter.flush();
    expect(written.length).toBeLessThan(15);
  });

  it("keeps the seconds of an outage up to the bound, and reports it once each way", async () => {
    const { state, written, events, counter } = setUp(3);
    state.away = true;
    for (let second = 0; second < 5; second += 1) {
      counter.count([accepted]);
      state.now += 1000;
      await counter.flush();
    }
    state.away = false;
    await counter.flush();
    await counter.flush();
    expect(written.map((sample) => sample.second.getTime())).toEqual([1_003_000, 1_004_000]);
    expect(events).toEqual([
      { event: "ingest_counts_unsaved", error: "no database" },
      { event: "ingest_counts_saved_again", secondsGivenUp: 3 },
    ]);
  });

  it("writes the last second though a write is under way when the process stops", async () => {
    const written: IngestSample[] = [];
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    let now = 1_000_000;
    const counter = createIngestCounter({
      processId: "p",
      now: () => now,
      write: async (samples) => {
        await gate;
        written.push(...samples);
      },
      report: () => undefined,
    });
    counter.count([accepted]);
    now += 1000;
    counter.count([refused]);
    const running = counter.flush();
    const last = counter.flush({ all: true });
    open();
    await Promise.all([running, last]);
    expect(written.map((one) => [one.accepted, one.refused])).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });
});
