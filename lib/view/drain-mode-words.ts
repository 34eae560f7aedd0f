import type { Drain } from "#lib/contracts/drain.ts";
import { rate } from "./numbers.ts";
import type { SentencePart } from "./state-sentence.ts";

const GOAL_WORDS = {
  on_track: "on track",
  cannot_be_met: "cannot be met: even all that the guard allows is not enough",
  missed: "missed: messages still wait",
  met: "met",
} as const;

function goalParts({ goal }: Drain): SentencePart[] {
  if (goal === null) return [];
  const needs = goal.neededWcuPerSecond === null || goal.state === "met" || goal.state === "missed" ? "" : `, needs ${rate(goal.neededWcuPerSecond)} WCU/s`;
  return ["to clear by ", { at: goal.clearBy }, goal.state === null ? ": not computed yet" : `: ${GOAL_WORDS[goal.state]}${needs}`];
}

/** Why the rate in force is not the dial's, for every mode but a plain dial; null for that. */
export function drainModeWords(drain: Drain): SentencePart[] | null {
  const { override, mode, rateWcuPerSecond } = drain;
  if (override !== null) {
    const then = override.thenWcuPerSecond > 0 ? `then ${rate(override.thenWcuPerSecond)}` : "then paused";
    return [`overridden to ${rate(override.rateWcuPerSecond)} by ${override.by} until `, { at: override.until }, ` (${override.reason}), ${then}`];
  }
  if (mode === "paused") return [`paused; the dial stands at ${rate(rateWcuPerSecond)}`];
  if (mode === "auto") return [drain.computedWcuPerSecond === null ? "automatic: not computed yet, so the dial's" : "automatic: as much as the table bears"];
  return mode === "goal" ? goalParts(drain) : null;
}
