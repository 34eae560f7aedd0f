import "server-only";
import { backend, db } from "#app/server/context.ts";
import { drainChanged, drainStore } from "#app/server/overview.ts";
import { singleton } from "#app/server/singleton.ts";
import type { Drain, DrainRefusal } from "#lib/contracts/drain.ts";
import { createDrainModes } from "#lib/gateways/drain-modes.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";
import type { DrainOutcome } from "#lib/services/drain/outcome.ts";

/** Who acts, for as long as nobody signs in. */
export const OPERATOR = "operator";

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
export function drainConflict(drain: Drain): HttpProblem {
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
