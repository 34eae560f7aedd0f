import { checkHolds } from "./check-holds.ts";
import { checkPushes, pushViolations } from "./check-pushes.ts";
import { checkReceives } from "./check-receives.ts";
import { checkSends } from "./check-sends.ts";
import { check, violations } from "./check.ts";
import type { Facts, PushFact, Send } from "./facts.ts";

export interface Judgement {
  /** Sizes of the sets that were looked at, and of those that must be empty. */
  figures: Record<string, number>;
  /** The promises that broke, in words. */
  broken: string[];
  /** All that was found, for the log. */
  findings: object;
}

const rounded = (seconds: number) => Math.round(seconds * 100) / 100;

function named(sets: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(sets).flatMap(([name, some]) => (some.length > 0 ? [`${name}: ${some.length} (${some.slice(0, 3).join(" · ")})`] : []));
}

/**
 * Judges a run by all checks.
 * @param redoLimitSeconds null = not judged, since faults hold the redo up. @param pushes what the receiver took; null where nothing is pushed.
 */
export function judge(facts: Facts, { redoLimitSeconds, pushes }: { redoLimitSeconds: number | null; pushes: readonly PushFact[] | null }): Judgement {
  const found = check(facts);
  const holds = checkHolds(facts);
  const receives = checkReceives(facts);
  const sent = checkSends(facts);
  const pushed = pushes === null ? null : checkPushes({ ...facts, pushes });
  const redoSecondsMax = rounded(Math.max(0, ...found.redoSeconds));
  const counted = (outcome: Send["outcome"]) => facts.sends.filter((send) => send.outcome === outcome).length;
  return {
    figures: {
      ok: counted("ok"),
      refused: counted("refused"),
      unknown: counted("unknown"),
      stored: facts.items.length,
      dead: facts.deaths.filter(({ status }) => status === "open").length,
      left: found.left,
      kills: facts.kills.length,
      receives: holds.receives,
      receivedAgain: receives.receivedAgain,
      redone: found.redoSeconds.length,
      lost: found.lost.length,
      unexpected: found.unexpected.length,
      twice: found.twice.length,
      outOfOrder: found.outOfOrder.length + found.ackedEarly.length,
      bystandersDead: found.bystandersDead.length,
      poisonAlive: found.poisonAlive.length + found.deathsUnsent.length,
      heldTwice: holds.heldTwice.length,
      storedUnheld: holds.storedUnheld.length,
      receivedUnexplained: receives.unexplained.length,
      ...(sent.tries > 0 && { tries: sent.tries, calledUnsent: sent.calledUnsent.length, acceptedEarly: sent.acceptedEarly.length }),
      ...(pushes && pushed && { pushes: pushes.length, pushedAgain: pushed.pushedAgain }),
      ...(redoLimitSeconds === null ? { redoUnderFaultsSecondsMax: redoSecondsMax } : { redoSecondsMax, redoLimitSeconds }),
    },
    broken: [
      ...violations(found, { redoLimitSeconds }),
      ...named({ heldTwice: holds.heldTwice, storedUnheld: holds.storedUnheld, receivedUnexplained: receives.unexplained, calledUnsent: sent.calledUnsent, acceptedEarly: sent.acceptedEarly }),
      ...(pushed ? pushViolations(pushed) : []),
    ],
    findings: { ...found, ...holds, ...receives, ...sent, ...pushed },
  };
}
