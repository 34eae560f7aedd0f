import type { RunLog } from "./log.ts";
import type { Violation } from "./violation.ts";

/** Events after which the messages they name come back without anybody's fault. */
const LETS_GO = new Set(["released", "nacked", "left", "visibility_failed", "ack_failed", "store_unknown"]);
/** Faults that take from a process what it held, or from SQS's answer its reader. */
const TAKES = new Set(["killed", "paused", "stopped", "answer_lost", "call_hung", "call_late", "call_failed"]);
/** Calls to the ledger go before an ack, which is not made while one hangs; it hangs for this long at the most. */
const LEDGER_CALL = /^(?:failing|ledger)\./;
const LEDGER_CALL_MS = 6_000;
/** Visibility left in which a worker surely renews it: a look at all lanes, two calls and the wait between them. */
const RENEWABLE_MS = 1_000;

/**
 * A message is received once, plus once for each thing that let it go: a fault at its holder, a release, a nack of it
 * or of one ahead of it. And a nack covers the followers: none stays hidden for longer than it says.
 */
export function checkReceives({ entries }: RunLog): Violation[] {
  const violations: Violation[] = [];
  const messages = new Map<string, { id: string; holder: string; letGo: boolean; untilMs: number }>();
  const heldBy = new Map<string, Set<string>>();
  /** Until when a call to the ledger may hang, by worker. */
  const hungUntil = new Map<string, number>();
  for (const entry of entries) {
    const { step, atMs } = entry;
    if (entry.fact === "accepted") messages.set(entry.messageId, { id: entry.id, holder: "", letGo: true, untilMs: 0 });
    else if (entry.fact === "received") {
      const message = messages.get(entry.messageId);
      if (!message) continue;
      if (!message.letGo && (entry.worker !== message.holder || message.untilMs <= atMs)) {
        violations.push({ promise: "receives", step, what: `${entry.worker} received ${message.id} again though nothing had befallen ${message.holder}, who held it` });
      }
      heldBy.get(message.holder)?.delete(entry.messageId);
      message.holder = entry.worker;
      message.letGo = true; // until its answer has reached the process
      message.untilMs = entry.untilMs;
      const held = heldBy.get(entry.worker);
      if (held) held.add(entry.messageId);
      else heldBy.set(entry.worker, new Set([entry.messageId]));
    } else if (entry.fact === "hidden") {
      const message = messages.get(entry.messageId);
      if (!message) continue;
      message.untilMs = entry.untilMs;
      if (entry.untilMs <= atMs) message.letGo = true; // released; its event comes with the answer
    } else if (entry.fact === "fault" && entry.worker !== null && TAKES.has(entry.what)) {
      if (entry.what === "call_hung" && LEDGER_CALL.test(entry.detail)) hungUntil.set(entry.worker, atMs + LEDGER_CALL_MS);
      for (const messageId of heldBy.get(entry.worker) ?? []) {
        const message = messages.get(messageId);
        if (message) message.letGo = true;
      }
    } else if (entry.fact === "worker" && entry.event.event === "received") {
      if (atMs < (hungUntil.get(entry.worker) ?? 0)) continue;
      for (const messageId of entry.event.messageIds) {
        const message = messages.get(messageId);
        // An answer that a paused process reads late may come with too little time left.
        if (message?.holder === entry.worker && message.untilMs - atMs >= RENEWABLE_MS) message.letGo = false;
      }
    } else if (entry.fact === "worker" && LETS_GO.has(entry.event.event) && "messageIds" in entry.event) {
      for (const messageId of entry.event.messageIds) {
        const message = messages.get(messageId);
        if (!message) continue;
        if (entry.event.event === "nacked" && !message.letGo && message.holder === entry.worker && message.untilMs > atMs + entry.event.delaySeconds * 1000 + 1) {
          const hiddenMs = Math.round(message.untilMs - atMs);
          violations.push({ promise: "receives", step, what: `the nack for ${entry.event.delaySeconds} s left ${message.id} hidden for ${hiddenMs} ms` });
        }
        message.letGo = true;
      }
    }
  }
  return violations;
}
