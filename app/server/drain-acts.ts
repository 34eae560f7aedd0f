import "server-only";
import { auditContext } from "#app/server/audit.ts";
import { backend, db } from "#app/server/context.ts";
import { currentDrain, drainChanged, drainStore } from "#app/server/overview.ts";
import { singleton } from "#app/server/singleton.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import type { AuditAction } from "#lib/contracts/audit.ts";
import type { Drain, DrainRefusal } from "#lib/contracts/drain.ts";
import { createDrainModes } from "#lib/gateways/drain-modes.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";
import { audited } from "#lib/services/audit/audited.ts";
import type { DrainOutcome } from "#lib/services/drain/outcome.ts";

const drainModes = () => singleton("drainModes", () => createDrainModes({ db: db(), queue: backend().queue }));

/** What the acts on the drain row need. */
export const drainContext = () => ({ drain: drainStore(), modes: drainModes(), now: Date.now, uuid: () => crypto.randomUUID() });

const REFUSALS: Record<DrainRefusal, { title: string; detail: string }> = {
  goal_in_past: { title: "That time has passed", detail: "Name a time that lies ahead." },
  goal_too_far: { title: "That time is too far ahead", detail: "Name a time within the next 14 days." },
  already_paused: { title: "Draining is paused already", detail: "Nothing was changed." },
  not_paused: { title: "Draining is not paused", detail: "Nothing was changed." },
  paused: { title: "Draining is paused", detail: "Resume it first." },
  no_override: { title: "No override runs", detail: "It may have ended by itself." },
};

/** Somebody else was first; the row as it stands goes with it. */
function drainConflict(drain: Drain): HttpProblem {
  return new HttpProblem({
    status: 409,
    code: "drain_changed",
    title: "Somebody else changed the drain rate first",
    detail: "Look at it as it stands now, then act again.",
    extensions: { drain },
  });
}

/** @throws HttpProblem for all but a change. */
export function drainAnswer(result: DrainOutcome): { drain: Drain } {
  drainChanged();
  if (result.outcome === "changed") return { drain: result.drain };
  if (result.outcome === "conflict") throw drainConflict(result.drain);
  throw new HttpProblem({ status: 409, code: `drain_${result.refusal}`, ...REFUSALS[result.refusal], extensions: { drain: result.drain } });
}

/** What the audit log keeps of the dial: what an act can change, and which version it was. */
function inAudit({ version, mode, rateWcuPerSecond, goal, override }: Drain) {
  return {
    version,
    mode,
    rateWcuPerSecond,
    ...(goal && { clearBy: goal.clearBy }),
    ...(override && { override: { rateWcuPerSecond: override.rateWcuPerSecond, until: override.until } }),
  };
}

/** Does an act on the dial with its audit. */
export async function auditedDrainAct(
  { actor, action, input }: { actor: Actor; action: AuditAction; input: { reason?: string | undefined } },
  act: () => Promise<DrainOutcome>,
): Promise<DrainOutcome> {
  const { reason, ...asked } = input;
  return audited(
    {
      ctx: auditContext(),
      actor,
      action,
      target: backend().queue,
      reason,
      asked,
      before: inAudit(await currentDrain()),
      after: ({ drain }) => inAudit(drain),
      outcome: (result) => {
        if (result.outcome === "changed") return "done";
        return { outcome: "refused", error: result.outcome === "conflict" ? "somebody else changed it first" : REFUSALS[result.refusal].title };
      },
    },
    act,
  );
}
