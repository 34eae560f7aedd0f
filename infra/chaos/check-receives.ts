import type { WorkerEvent } from "#worker/events.ts";
import type { Facts, StepFact } from "./facts.ts";

export interface ReceiveFindings {
  /** Receives beyond the first of a message. */
  receivedAgain: number;
  /** Those of them that nothing explains. */
  unexplained: string[];
}

/** Steps after which the messages they name come back: failures ahead of them, releases, and calls that failed. */
export const LETS_GO: ReadonlySet<string> = new Set<WorkerEvent["event"]>(["released", "nacked", "left", "visibility_failed", "ack_failed", "store_unknown"]);

/** A step's line is written after the call it tells of: another worker may have had the message by then. */
const LINE_LATE_MS = 2_000;

/**
 * A message is received once, plus once for each thing that let it go: its holder was killed or stood still, let go of
 * it in so many words, or never got the answer that brought it.
 */
export function checkReceives({ wire, steps, kills, pauses }: Pick<Facts, "wire" | "steps" | "kills" | "pauses">): ReceiveFindings {
  const killed = new Map(kills.map(({ client, atMs }) => [client, atMs]));
  const paused = Map.groupBy(pauses, ({ client }) => client);
  const told = new Map<string, StepFact[]>();
  for (const step of steps) {
    for (const messageId of step.messageIds) {
      const key = `${step.client} ${messageId}`;
      const mine = told.get(key);
      if (mine) mine.push(step);
      else told.set(key, [step]);
    }
  }
  const receives = wire.filter((fact) => fact.what === "received");
  let receivedAgain = 0;
  const unexplained: string[] = [];
  for (const mine of Map.groupBy(receives, ({ messageId }) => messageId).values()) {
    for (const [at, { client, atMs: untilMs, id }] of mine.entries()) {
      const before = mine[at - 1];
      if (before === undefined) continue;
      receivedAgain += 1;
      const lateMs = untilMs + LINE_LATE_MS;
      if ((killed.get(before.client) ?? Infinity) <= lateMs) continue;
      if (paused.get(before.client)?.some(({ fromMs, toMs }) => fromMs <= lateMs && toMs >= before.atMs)) continue;
      const lines = told.get(`${before.client} ${before.messageId}`) ?? [];
      const reached = lines.some(({ event, atMs }) => event === "received" && atMs >= before.atMs && atMs < untilMs);
      if (!reached || lines.some(({ event, atMs }) => LETS_GO.has(event) && atMs >= before.atMs && atMs <= lateMs)) continue;
      unexplained.push(`${client} received ${id} again, held by ${before.client}`);
    }
  }
  return { receivedAgain, unexplained };
}
