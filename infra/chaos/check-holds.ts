import type { Facts, StepFact, WireFact } from "./facts.ts";

export interface HoldFindings {
  /** Receives that were looked at. */
  receives: number;
  /** Two workers held messages of one user at one moment: ids of a message of each, and when. */
  heldTwice: string[];
  /** A store began when the worker cannot have held the message any more, or never had. */
  storedUnheld: string[];
}

/** A message in the hands of a worker. Acts are a little earlier than they are seen, so the end has two bounds. */
interface Hold {
  id: string;
  messageId: string;
  groupId: string;
  client: string;
  fromMs: number;
  /** Hidden for this worker until then at least. */
  surelyUntilMs: number;
  /** And until then at most. */
  maybeUntilMs: number;
  /** Its ack was asked for: a renewal on its way says nothing any more. */
  acking: boolean;
}

type HoldFact = Extract<WireFact, { what: "received" | "show_asked" | "shown" | "ack_asked" | "acked" }>;
type Happening = HoldFact | (StepFact & { what: "storing" });

/**
 * One at a time per user: no two workers hold one user's messages at one moment within their visibility, and none
 * begins to store what it holds no longer. Only what is certain is told: a hold ends, for the first, when its ack or
 * release was asked for, and `seenLateMs` before its visibility seems to; for the second, as late as it can have.
 */
export function checkHolds({ wire, steps, visibilityMs, seenLateMs }: Pick<Facts, "wire" | "steps" | "visibilityMs" | "seenLateMs">): HoldFindings {
  const holds: Hold[] = [];
  const now = new Map<string, Hold>();
  const storedUnheld: string[] = [];
  const key = ({ messageId, client }: { messageId: string; client: string }) => `${client} ${messageId}`;

  function take(fact: Happening): void {
    if (fact.what === "received") {
      const { id, messageId, groupId, client, atMs } = fact;
      // The answer before it was lost and asked for again: what is told of the message from now on is of this hold.
      const before = now.get(key(fact));
      if (before) before.surelyUntilMs = Math.min(before.surelyUntilMs, atMs);
      const hold = { id, messageId, groupId, client, fromMs: atMs, surelyUntilMs: atMs + visibilityMs - seenLateMs, maybeUntilMs: atMs + visibilityMs, acking: false };
      holds.push(hold);
      now.set(key(fact), hold);
      return;
    }
    if (fact.what === "storing") {
      for (const messageId of fact.messageIds) {
        const hold = now.get(key({ messageId, client: fact.client }));
        if (hold === undefined || hold.maybeUntilMs < fact.atMs) storedUnheld.push(`${fact.client} ${hold?.id ?? messageId}`);
      }
      return;
    }
    const hold = now.get(key(fact));
    if (hold === undefined) return;
    if (fact.what === "ack_asked") {
      hold.surelyUntilMs = Math.min(hold.surelyUntilMs, fact.atMs);
      hold.acking = true;
    } else if (fact.what === "acked") hold.maybeUntilMs = Math.min(hold.maybeUntilMs, fact.atMs);
    else if (fact.what === "show_asked") hold.surelyUntilMs = Math.min(hold.surelyUntilMs, fact.atMs + fact.seconds * 1000);
    else {
      hold.maybeUntilMs = fact.atMs + fact.seconds * 1000;
      if (fact.seconds > 0 && !hold.acking) hold.surelyUntilMs = Math.max(hold.surelyUntilMs, hold.maybeUntilMs - seenLateMs);
    }
  }

  const seen = wire.filter((fact): fact is HoldFact => fact.what === "received" || fact.what === "shown" || fact.what === "show_asked" || fact.what === "ack_asked" || fact.what === "acked");
  const stores = steps.flatMap((step): Happening[] => (step.event === "storing" ? [{ what: "storing", ...step }] : []));
  // The sort is stable: at one moment what was seen on the wire comes first, as a worker acts on it later.
  for (const fact of [...seen, ...stores].toSorted((a, b) => a.atMs - b.atMs)) take(fact);

  const heldTwice: string[] = [];
  for (const ofGroup of Map.groupBy(holds, ({ groupId }) => groupId).values()) {
    const certain = ofGroup.filter(({ fromMs, surelyUntilMs }) => surelyUntilMs > fromMs);
    let longest: Hold[] = [];
    for (const hold of certain) {
      longest = longest.filter(({ surelyUntilMs }) => surelyUntilMs > hold.fromMs);
      const other = longest.find(({ client }) => client !== hold.client);
      if (other) heldTwice.push(`${other.client} ${other.id} and ${hold.client} ${hold.id} at ${new Date(hold.fromMs).toISOString()}`);
      longest.push(hold);
    }
  }
  return { receives: holds.length, heldTwice, storedUnheld };
}
