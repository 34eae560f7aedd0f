import type { Entry, RunLog } from "./log.ts";
import type { Violation } from "./violation.ts";

/** Fates of a post after which the receiver may have it and the worker not know. */
const UNANSWERED = new Set(["answer_lost", "call_hung", "call_late", "push_cut"]);
/** What may part a worker from a push that it made and has not marked: the stated gap. */
const ENDS = new Set(["killed", "paused", "stopped"]);

/**
 * Pushes: after the store, before the ack, in order per user, and once. A second push of an activity must be explained
 * by what befell the one before it: its answer did not reach the worker, or the worker was killed (stopped, paused)
 * before it was marked. So there are never more of them than such faults.
 */
export function checkPushes({ entries, pushing }: RunLog): Violation[] {
  const violations: Violation[] = [];
  if (!pushing) return violations;
  const messages = new Map<string, { id: string; groupId: string }>();
  const groups = new Map<string, string[]>();
  const written = new Set<string>();
  const dead = new Set<string>();
  /** The last push of each activity, and why it may be made again. */
  const last = new Map<string, { worker: string; marked: boolean; again: boolean }>();
  /** Posts that arrive after their worker has given them up. */
  const late: { id: string; worker: string }[] = [];
  /** Processes that do not run: what they sent is on its way. */
  const away = new Set<string>();

  function befall({ worker, what, detail }: Extract<Entry, { fact: "fault" }>): void {
    const posted = detail.startsWith("webhook.post ") ? detail.slice("webhook.post ".length) : null;
    if (worker === null) return;
    if (posted !== null && what === "call_late") late.push({ id: posted, worker });
    if (ENDS.has(what)) away.add(worker);
    if (what === "resumed") away.delete(worker);
    for (const [id, push] of last) {
      if (push.worker === worker && !push.marked && (ENDS.has(what) || (posted === id && UNANSWERED.has(what)))) push.again = true;
    }
  }

  for (const entry of entries) {
    const fail = (promise: Violation["promise"], what: string) => violations.push({ promise, step: entry.step, what });
    switch (entry.fact) {
      case "accepted": {
        messages.set(entry.messageId, entry);
        const group = groups.get(entry.groupId);
        if (group) group.push(entry.messageId);
        else groups.set(entry.groupId, [entry.messageId]);
        break;
      }
      case "written":
        written.add(entry.id);
        break;
      case "postgres":
        if (entry.event.act === "death_decided") dead.add(entry.event.messageId);
        break;
      case "fault":
        befall(entry);
        break;
      case "push_marked": {
        const push = last.get(entry.id);
        if (!push) fail("pushes", `${entry.worker} marked a push of ${entry.id} that was never made`);
        else if (push.worker === entry.worker) push.marked = true;
        break;
      }
      case "pushed": {
        const { id, worker } = entry;
        const before = last.get(id);
        const lateOne = late.findIndex((one) => one.id === id && one.worker === worker);
        if (lateOne >= 0) late.splice(lateOne, 1);
        const unanswered = lateOne >= 0 || away.has(worker);
        last.set(id, { worker, marked: false, again: unanswered });
        if (!written.has(id)) fail("pushes", `${id} was pushed before it was stored`);
        if (before && !before.again && !unanswered) fail("pushes", `${worker} pushed ${id} again though nothing had befallen the push of ${before.worker}`);
        if (before) break;
        const group = Array.from(groups.values()).find((all) => all.some((messageId) => messages.get(messageId)?.id === id)) ?? [];
        for (const messageId of group) {
          const earlier = messages.get(messageId)?.id ?? "?";
          if (earlier === id) break;
          if (!last.has(earlier) && !dead.has(messageId)) fail("order", `${id} was pushed while ${earlier}, accepted before it, was neither pushed nor dead`);
        }
        break;
      }
      case "deleted": {
        const message = messages.get(entry.messageId);
        if (message && !dead.has(entry.messageId) && !last.has(message.id)) fail("pushes", `${message.id} was acked and never pushed`);
        break;
      }
      default:
    }
  }
  return violations;
}
