import { setTimeout as sleep } from "node:timers/promises";
import type { Activity } from "#lib/contracts/activity.ts";
import type { Kind } from "./facts.ts";
import type { Outgoing, Producer } from "./producers.ts";

const FIRST_MS = Date.UTC(2026, 0, 1);
const PER_REQUEST = 10;
/** Text that a careless layer would change. */
const ODD_TEXT = "\u00e9\u4e2d\ud83d\ude00 \"\\/ </script> \u2028 '; --";

/** Makes a run's activities: ids that the checker finds in any body, users in turn, content with odd characters. */
export function createTraffic({ prefix, users, random }: { prefix: string; users: number; random: () => number }) {
  let number = 0;
  return {
    next({ kind = "healthy", userId, body, padding = "" }: { kind?: Kind; userId?: string; body?: (id: string) => string; padding?: string } = {}): Outgoing {
      number += 1;
      const id = `chaos-${prefix}-${number}`;
      const activity: Activity = {
        id,
        userId: userId ?? `chaos ${prefix} user ${Math.floor(random() * users)} \u00fc`,
        type: "chaos.step",
        occurredAt: new Date(FIRST_MS + number).toISOString(),
        properties: JSON.stringify({ number, text: `${ODD_TEXT}${padding}` }),
      };
      return { activity, kind, ...(body && { body: body(id) }) };
    },
  };
}
export type Traffic = ReturnType<typeof createTraffic>;

/**
 * Sends requests of ten at a rate that may change, until told to end.
 * @param perSecond read before each request. @returns resolves when the last request has its outcome.
 */
export async function pour({
  producer,
  next,
  perSecond,
  signal,
}: {
  producer: Producer;
  next: () => Outgoing;
  perSecond: () => number;
  signal: AbortSignal;
}): Promise<void> {
  while (!signal.aborted) {
    const startedMs = performance.now();
    await producer.send(Array.from({ length: PER_REQUEST }, next));
    const restMs = (PER_REQUEST / perSecond()) * 1000 - (performance.now() - startedMs);
    if (restMs > 0) await sleep(restMs, undefined, { signal }).catch(() => undefined);
  }
}
