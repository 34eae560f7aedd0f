import { describe, expect, it, vi } from "vitest";
import { createPoller, pick } from "./poller.ts";

const refused = () => Object.assign(new Error("connect ECONNREFUSED 10.0.0.7:5432"), { code: "ECONNREFUSED" });

function setUp({ waitMs = 1_000 }: { waitMs?: number } = {}) {
  const onChange = vi.fn();
  const clock = { ms: Date.parse("2026-01-01T00:00:00.000Z") };
  const read = vi.fn<(signal: AbortSignal) => Promise<number>>();
  const poller = createPoller({
    source: "SQS",
    read,
    ttlMs: 1_000,
    liveMs: 3_000,
    maxStaleMs: 60_000,
    waitMs,
    timeoutMs: 5_000,
    now: () => clock.ms,
    onChange,
  });
  return { clock, read, poller, onChange };
}

describe("poller", () => {
  it("asks the source once for many viewers", async () => {
    const { read, poller } = setUp();
    const answer = Promise.withResolvers<number>();
    read.mockReturnValue(answer.promise);
    const viewers = Array.from({ length: 20 }, () => poller.get());
    answer.resolve(7);
    const readings = await Promise.all(viewers);
    expect(read).toHaveBeenCalledTimes(1);
    expect(readings.every((one) => one.state === "ok" && one.value === 7)).toBe(true);
  });

  it("asks nothing while nobody looks, and again once the TTL is over", async () => {
    const { clock, read, poller } = setUp();
    read.mockResolvedValue(1);
    expect(read).not.toHaveBeenCalled();
    await poller.get();
    clock.ms += 999;
    await poller.get();
    expect(read).toHaveBeenCalledTimes(1);
    clock.ms += 1;
    await poller.get();
    expect(read).toHaveBeenCalledTimes(2);
  });

  it("goes from ok to stale to error when the source fails, and back", async () => {
    const { clock, read, poller } = setUp();
    read.mockResolvedValueOnce(1);
    const first = await poller.get();
    read.mockRejectedValue(refused());
    clock.ms += 2_000;
    expect(await poller.get()).toEqual(first);
    clock.ms += 2_000;
    expect(await poller.get()).toEqual({ ...first, state: "stale", error: "connection refused" });
    clock.ms += 60_000;
    expect(await poller.get()).toEqual({ state: "error", source: "SQS", error: "connection refused" });
    read.mockReset().mockResolvedValue(2);
    clock.ms += 1_000;
    expect(await poller.get()).toMatchObject({ state: "ok", value: 2 });
  });

  it("never shows a failed read as a value", async () => {
    const { read, poller } = setUp();
    read.mockRejectedValue(new Error("relation of tenant 7 does not exist", { cause: refused() }));
    expect(await poller.get()).toEqual({ state: "error", source: "SQS", error: "connection refused" });
  });

  it("names an error that it has no words for, without its text", async () => {
    const { read, poller } = setUp();
    read.mockRejectedValue(Object.assign(new Error("arn:aws:sqs:secret"), { name: "QueueDoesNotExist" }));
    expect(await poller.get()).toMatchObject({ error: "QueueDoesNotExist" });
  });

  it("tells the log once that a source went away, and once that it came back", async () => {
    const { clock, read, poller, onChange } = setUp();
    const error = refused();
    read.mockRejectedValue(error);
    await poller.get();
    clock.ms += 1_000;
    await poller.get();
    read.mockReset().mockResolvedValue(1);
    clock.ms += 1_000;
    await poller.get();
    expect(onChange.mock.calls).toEqual([["SQS", error], ["SQS", null]]);
  });

  it("does not ask a failing source more often than a sound one", async () => {
    const { read, poller } = setUp();
    read.mockRejectedValue(new Error("down"));
    await poller.get();
    await poller.get();
    expect(read).toHaveBeenCalledTimes(1);
  });

  it("does not keep viewers waiting for a source that hangs", async () => {
    const { clock, read, poller } = setUp({ waitMs: 5 });
    read.mockResolvedValueOnce(1);
    await poller.get();
    const slow = Promise.withResolvers<number>();
    read.mockReturnValueOnce(slow.promise);
    clock.ms += 4_000;
    expect(await poller.get()).toMatchObject({ state: "stale", value: 1 });
    expect(await poller.get()).toMatchObject({ state: "stale", value: 1 });
    expect(read).toHaveBeenCalledTimes(2);
    slow.resolve(2);
    await vi.waitFor(async () => expect(await poller.get()).toMatchObject({ value: 2 }));
  });

  it("dates a value by the question, not by the answer", async () => {
    const { clock, read, poller } = setUp();
    const asked = new Date(clock.ms).toISOString();
    read.mockImplementation(() => {
      clock.ms += 800;
      return Promise.resolve(1);
    });
    expect(await poller.get()).toMatchObject({ asOf: asked });
  });

  it("reads anew after it was expired", async () => {
    const { read, poller } = setUp();
    read.mockResolvedValue(1);
    await poller.get();
    poller.expire();
    await poller.get();
    expect(read).toHaveBeenCalledTimes(2);
  });
});

describe("pick", () => {
  it("keeps state and age", () => {
    const asOf = "2026-01-01T00:00:00.000Z";
    expect(pick({ state: "stale", value: 2, source: "a", asOf }, (value) => value * 2, "b")).toEqual({ state: "stale", value: 4, source: "b", asOf });
    expect(pick<number, number>({ state: "error", source: "a", error: "x" }, (value) => value)).toEqual({ state: "error", source: "a", error: "x" });
  });
});
