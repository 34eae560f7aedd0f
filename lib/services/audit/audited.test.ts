import { expect, test, vi } from "vitest";
import type { Actor } from "#lib/contracts/actor.ts";
import { type AuditEnd, type AuditIntent, AuditUnavailable } from "#lib/gateways/audit-log.ts";
import { type AuditedAct, audited } from "./audited.ts";

const ADA: Actor = { id: "ada", name: "Ada", email: "ada@example.com", role: "admin" };

function log({ intentFails = false, outcomeFails = false } = {}) {
  const rows: unknown[] = [];
  const onUnwritten = vi.fn();
  const audit = {
    async intent(intent: AuditIntent) {
      if (intentFails) throw new AuditUnavailable(new Error("away"));
      rows.push({ kind: "intent", ...intent });
    },
    async outcome(intent: AuditIntent, end: AuditEnd) {
      if (outcomeFails) throw new Error("away");
      rows.push({ kind: "outcome", actId: intent.actId, ...end });
    },
  };
  return { rows, onUnwritten, ctx: { audit, onUnwritten } };
}

const act = (ctx: AuditedAct<unknown>["ctx"]) => ({ ctx, actor: ADA, action: "drain.rate" as const, target: "q.fifo", asked: { rate: 5 }, before: { rate: 1 } });

test("the intent stands before the act, the outcome after it, both under one id", async () => {
  const { rows, ctx } = log();
  const done = await audited({ ...act(ctx), after: (rate: number) => ({ rate }) }, async () => {
    expect(rows).toMatchObject([{ kind: "intent", actor: ADA, action: "drain.rate", target: "q.fifo", asked: { rate: 5 }, before: { rate: 1 } }]);
    return 5;
  });
  expect(done).toBe(5);
  const [intent, outcome] = rows as { actId: string }[];
  expect(outcome).toEqual({ kind: "outcome", actId: intent?.actId, outcome: "done", after: { rate: 5 } });
});

test("without an intent nothing is done", async () => {
  const { rows, ctx } = log({ intentFails: true });
  const work = vi.fn(async () => 1);
  await expect(audited(act(ctx), work)).rejects.toBeInstanceOf(AuditUnavailable);
  expect(work).not.toHaveBeenCalled();
  expect(rows).toEqual([]);
});

test("an act whose outcome cannot be written stays done, and says so", async () => {
  const { rows, ctx, onUnwritten } = log({ outcomeFails: true });
  expect(await audited(act(ctx), async () => 7)).toBe(7);
  expect(rows).toHaveLength(1);
  expect(onUnwritten).toHaveBeenCalledOnce();
});

test("an act may say by its result that it was not done", async () => {
  const { rows, ctx } = log();
  await audited({ ...act(ctx), outcome: () => ({ outcome: "refused" as const, error: "conflict" }) }, async () => "conflict");
  expect(rows[1]).toMatchObject({ outcome: "refused", error: "conflict" });
});

test.each([
  ["a refusal", Object.assign(new Error("not yours"), { status: 409 }), "refused"],
  ["a fault", new TypeError("x is not a function"), "failed"],
  ["a backend that does not answer", Object.assign(new Error("reset"), { code: "ECONNRESET" }), "unknown"],
  ["a 503", Object.assign(new Error("later"), { status: 503 }), "failed"],
  ["something that is no error", "oops", "failed"],
])("an act that throws %s", async (_, thrown, outcome) => {
  const { rows, ctx } = log();
  await expect(audited(act(ctx), () => Promise.reject(thrown))).rejects.toBe(thrown);
  expect(rows[1]).toMatchObject({ kind: "outcome", outcome, error: thrown instanceof Error ? thrown.message : thrown });
});
