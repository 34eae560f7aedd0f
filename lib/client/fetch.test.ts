import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { applyDrainRate } from "./drain.ts";
import { apiFetch } from "./fetch.ts";
import { liveStateOf } from "./live-state.ts";

const schema = z.object({ n: z.number() });
const drain = {
  queue: "q", rateWcuPerSecond: 90, askedWcuPerSecond: 90, effectiveWcuPerSecond: 90, capacityShare: 0.9, provisionedWcu: 200, ceilingWcu: null, factor: 1,
  mode: "manual", modeBeforePause: null, computedWcuPerSecond: null, computedAt: null, goal: null, override: null,
  version: 4, versionAt: "2026-01-31T12:00:00.000Z", changedBy: "grace", reason: null, changedAt: "2026-01-31T12:00:00.000Z",
};

function answer(body: unknown, status = 200) {
  vi.stubGlobal("fetch", vi.fn(() => Promise.resolve(Response.json(body, { status }))));
}

afterEach(() => vi.unstubAllGlobals());

describe("apiFetch", () => {
  it("reads a good answer by its contract", async () => {
    answer({ n: 1 });
    expect(await apiFetch({ path: "/x", schema, query: { a: 1, b: undefined } })).toEqual({ n: 1 });
    expect(fetch).toHaveBeenCalledWith("/x?a=1", expect.objectContaining({ cache: "no-store" }));
  });

  it("refuses an answer that breaks the contract", async () => {
    answer({ n: "1" });
    await expect(apiFetch({ path: "/x", schema })).rejects.toMatchObject({ kind: "invalid_answer" });
  });

  it("carries a problem with its code and its own members", async () => {
    answer({ type: "t", title: "No", status: 422, code: "invalid_body", detail: "rate: too big", extra: 1 }, 422);
    await expect(apiFetch({ path: "/x", schema })).rejects.toMatchObject({ kind: "problem", status: 422, code: "invalid_body", message: "rate: too big", problem: { extra: 1 } });
  });

  it("says that the server is away", async () => {
    vi.stubGlobal("fetch", vi.fn(() => Promise.reject(new TypeError("fetch failed"))));
    await expect(apiFetch({ path: "/x", schema })).rejects.toMatchObject({ kind: "network", status: 0 });
  });
});

describe("applyDrainRate", () => {
  const change = { rateWcuPerSecond: 120, expectedVersion: 3 };

  it("takes a conflict for an outcome, with the dial as it stands", async () => {
    answer({ type: "t", title: "Changed", status: 409, code: "drain_changed", drain }, 409);
    expect(await applyDrainRate(change)).toEqual({ outcome: "conflict", drain });
  });

  it("fails on everything else", async () => {
    answer({ type: "t", title: "Away", status: 503, code: "backend_unavailable" }, 503);
    await expect(applyDrainRate(change)).rejects.toMatchObject({ status: 503 });
  });
});

describe("the state of the connection", () => {
  const now = 100_000;
  const query = { updatedAt: now - 500, failing: false, polled: true };
  it.each([
    ["nothing is polled", [], "connected"],
    ["answers come", [query], "connected"],
    ["the first is awaited", [{ ...query, updatedAt: 0 }], "waiting"],
    ["one fails", [query, { ...query, failing: true }], "reconnecting"],
    ["answers stay away", [{ ...query, updatedAt: now - 11_000, failing: true }], "stale"],
    ["an old one that is not polled", [{ ...query, updatedAt: 1, polled: false }], "connected"],
  ])("%s", (_name, queries, state) => {
    expect(liveStateOf(queries, now)).toBe(state);
  });
});
