import type { Entry, RunLog } from "./log.ts";
import type { Violation } from "./violation.ts";

/** What may part a worker from a push that it made and has not marked: the stated gap. */
const ENDS = new Set(["killed", "paused", "stopped"]);

/**
 * Pushes: after the store, before the ack, in order per user, and once. Each further push of an activity must be
 * explained by what befell one: its answer did not reach the worker, or the worker was killed (stopped, paused) before
 * it was marked. So there are never more of them than such faults.
 */
export function checkPushes({ entries, pushing }: RunLog): Violation[] {
  const violations: Violation[] = [];
  if (!pushing) return violations;
  const messages = new Map<string, { id: string; groupId: string }>();
  const groups = new Map<string, string[]>();
  const written = new Set<string>();
  const dead = new Set<string>();
  /** Each activity's pushes, and the faults that may have made some of them necessary. */
  const pushes = new Map<string, { count: number; explained: number; worker: string; step: number; open: boolean }>();
  /** Posts that arrive after their worker has given them up. */
  const late = new Map<string, number>();
  /** Processes that do not run: what they sent is on its way. */
  const away = new Set<string>();

  function befall({ worker, what, detail, step }: Extract<Entry, { fact: "fault" }>): void {
    if (worker === null) return;
    if (ENDS.has(what)) away.add(worker);
    if (what === "resumed") away.delete(worker);
    const posted = detail.startsWith("webhook.post ") ? detail.slice("webhook.post ".length) : null;
    if (posted !== null && (what === "call_late" || what === "push_cut")) late.set(posted, (late.get(posted) ?? 0) + 1);
    for (const [id, push] of pushes) {
      // A request that hung has been noted before; only one that has just arrived has had its effect.
      const unanswered = posted === id && push.step === step && (what === "answer_lost" || what === "call_hung");
      if (push.worker !== worker || !push.open || !(ENDS.has(what) || unanswered)) continue;
      push.explained += 1;
      push.open = false;
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
        const push = pushes.get(entry.id);
        if (!push) fail("pushes", `${entry.worker} marked a push of ${entry.id} that was never made`);
        else if (push.worker === entry.worker) push.open = false;
        break;
      }
      case "pushed": {
        const { id, worker, step } = entry;
        if (!written.has(id)) fail("pushes", `${id} was pushed before it was stored`);
        const before = pushes.get(id);
        const gone = away.has(worker);
        const explained = (before?.explained ?? 0) + (gone ? 1 : 0);
        pushes.set(id, { count: (before?.count ?? 0) + 1, explained, worker, step, open: !gone });
        if (before) {
          if (before.count > before.explained + (late.get(id) ?? 0)) fail("pushes", `${worker} pushed ${id} again though nothing had befallen the push of ${before.worker}`);
          break;
        }
        const group = Array.from(groups.values()).find((all) => all.some((messageId) => messages.get(messageId)?.id === id)) ?? [];
        for (const messageId of group) {
          const earlier = messages.get(messageId)?.id ?? "?";
          if (earlier === id) break;
          if (!pushes.has(earlier) && !dead.has(messageId)) fail("order", `${id} was pushed while ${earlier}, accepted before it, was neither pushed nor dead`);
        }
        break;
      }
      case "deleted": {
        const message = messages.get(entry.messageId);
        if (message && !dead.has(entry.messageId) && !pushes.has(message.id)) fail("pushes", `${message.id} was acked and never pushed`);
        break;
      }
      default:
    }
  }
  return violations;
}
