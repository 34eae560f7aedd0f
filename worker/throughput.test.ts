import { describe, expect, it } from "vitest";
import { createThroughput } from "./throughput.ts";

function started(atMs = 10_000) {
  let nowMs = atMs;
  return { throughput: createThroughput({ clock: { monotonic: () => nowMs } }), pass: (ms: number) => void (nowMs += ms) };
}

describe("what a worker stores a second", () => {
  it("is nothing before anything was stored", () => {
    expect(started().throughput.perSecond()).toBe(0);
  });

  it("is the average over the last two seconds", () => {
    const { throughput, pass } = started();
    for (let part = 0; part < 40; part += 1) {
      throughput.count(25);
      pass(250);
    }
    pass(-1);
    expect(throughput.perSecond()).toBe(100);
  });

  it("counts only the time that has passed since the start", () => {
    const { throughput, pass } = started();
    throughput.count(50);
    pass(499);
    expect(throughput.perSecond()).toBe(100);
  });

  it("falls to nothing after two seconds of rest, however long they get", () => {
    const { throughput, pass } = started();
    throughput.count(1_000);
    pass(2_000);
    expect(throughput.perSecond()).toBe(0);
    throughput.count(10);
    pass(1_000_000);
    expect(throughput.perSecond()).toBe(0);
  });
});
