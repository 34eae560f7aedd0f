import { describe, expect, test } from "vitest";
import { allowScript } from "#lib/auth/scripts.ts";
import type { Drain } from "#lib/contracts/drain.ts";
import { drain as made } from "#lib/view/testing/overview.ts";
import { overrideDrain } from "./override.ts";
import { pauseDrain } from "./pause.ts";
import { resumeDrain } from "./resume.ts";
import { revertOverride } from "./revert-override.ts";
import { setMode } from "./set-mode.ts";

const NOW = Date.parse("2026-01-31T12:00:00.000Z");
const VERSION = 7;

/** A row as given, and the acts that reach it. */
function context(row: Partial<Drain> = {}, { changedMeanwhile = false } = {}) {
  const done: string[] = [];
  let drain = made({ version: VERSION, ...row });
  const act = (name: string) => async () => {
    if (changedMeanwhile) {
      drain = { ...drain, version: drain.version + 1 };
      return "not_done" as const;
    }
    done.push(name);
    drain = { ...drain, version: drain.version + 1 };
    return "done" as const;
  };
  const modes = { setMode: act("mode"), pause: act("pause"), resume: act("resume"), override: act("override"), endOverride: act("end"), setComputed: () => Promise.resolve(true) };
  return { done, ctx: { drain: { read: () => Promise.resolve(drain) }, modes, now: () => NOW, uuid: () => "0" } };
}
const seen = { expectedVersion: VERSION };
const by = allowScript("drain:write", "ada");
const running: Drain["override"] = { id: "o", rateWcuPerSecond: 400, since: "", until: "", endsInSeconds: 5, thenWcuPerSecond: 150, by: "ada", reason: "launch" };
const goalAt = (at: string) => ({ ...seen, mode: "goal" as const, clearBy: at });

describe("an act on the drain rate", () => {
  test.each([
    ["a pause", {}, "pause", (c: ReturnType<typeof context>) => pauseDrain({ ctx: c.ctx, by, input: seen })],
    ["a resume", { mode: "paused" as const }, "resume", (c: ReturnType<typeof context>) => resumeDrain({ ctx: c.ctx, by, input: seen })],
    ["a mode", {}, "mode", (c: ReturnType<typeof context>) => setMode({ ctx: c.ctx, by, input: { ...seen, mode: "auto" } })],
    ["a goal", {}, "mode", (c: ReturnType<typeof context>) => setMode({ ctx: c.ctx, by, input: goalAt("2026-01-31T18:00:00.000Z") })],
    ["an override", {}, "override", (c: ReturnType<typeof context>) => overrideDrain({ ctx: c.ctx, by, input: { ...seen, rateWcuPerSecond: 400, seconds: 60, reason: "launch" } })],
    ["an override's end", { override: running }, "end", (c: ReturnType<typeof context>) => revertOverride({ ctx: c.ctx, by, input: seen })],
  ])("%s is done once, and answers with the row after it", async (_name, row, name, act) => {
    const made = context(row);
    expect(await act(made)).toMatchObject({ outcome: "changed", drain: { version: VERSION + 1 } });
    expect(made.done).toEqual([name]);
  });

  test.each([
    ["already_paused", { mode: "paused" as const }, (c: ReturnType<typeof context>) => pauseDrain({ ctx: c.ctx, by, input: seen })],
    ["not_paused", {}, (c: ReturnType<typeof context>) => resumeDrain({ ctx: c.ctx, by, input: seen })],
    ["goal_in_past", {}, (c: ReturnType<typeof context>) => setMode({ ctx: c.ctx, by, input: goalAt("2026-01-31T12:00:00.000Z") })],
    ["goal_too_far", {}, (c: ReturnType<typeof context>) => setMode({ ctx: c.ctx, by, input: goalAt("2026-03-01T00:00:00.000Z") })],
    ["paused", { mode: "paused" as const }, (c: ReturnType<typeof context>) => overrideDrain({ ctx: c.ctx, by, input: { ...seen, rateWcuPerSecond: 400, seconds: 60, reason: "launch" } })],
    ["no_override", {}, (c: ReturnType<typeof context>) => revertOverride({ ctx: c.ctx, by, input: seen })],
  ])("is refused with its reason: %s", async (refusal, row, act) => {
    const made = context(row);
    expect(await act(made)).toMatchObject({ outcome: "refused", refusal, drain: { version: VERSION } });
    expect(made.done).toEqual([]);
  });

  test("by one who saw another version is a conflict, before or while it is done", async () => {
    const before = context({ version: VERSION + 1 });
    expect(await pauseDrain({ ctx: before.ctx, by, input: seen })).toMatchObject({ outcome: "conflict", drain: { version: VERSION + 1 } });
    expect(before.done).toEqual([]);
    const meanwhile = context({}, { changedMeanwhile: true });
    expect(await pauseDrain({ ctx: meanwhile.ctx, by, input: seen })).toMatchObject({ outcome: "conflict", drain: { version: VERSION + 1 } });
  });
});
