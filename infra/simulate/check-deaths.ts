import type { ActivityKind, RunLog } from "./log.ts";
import type { Violation } from "./violation.ts";

/** Reasons a kind of poison may die of; process killers may also be found by SQS's own backstop. */
const REASONS: Record<ActivityKind, readonly string[]> = {
  healthy: [],
  rejected: ["rejected_by_table", "process_killer"],
  malformed: ["malformed", "process_killer"],
  unknown_version: ["unknown_version", "process_killer"],
  killer: ["process_killer"],
  unwelcome: ["webhook_refused", "process_killer"],
};

/** Deaths: poison only, after the allowed attempts, once a message, and never an untried one. */
export function checkDeaths({ entries, allowedAttempts }: RunLog): Violation[] {
  const violations: Violation[] = [];
  const kinds = new Map<string, ActivityKind>();
  const idOf = new Map<string, string>();
  const counted = new Map<string, string[]>();
  /** Faults of each activity's pushes. */
  const unpushed = new Map<string, number>();
  const killedBy = new Map<string, number>();
  const dead = new Set<string>();
  let otherFaults = 0;
  /** Message that each process has left its lone mark on, and how often chance ended its handling in that state. */
  const alone = new Map<string, string>();
  const chance = new Map<string, number>();
  for (const entry of entries) {
    const fail = (what: string) => violations.push({ promise: "deaths", step: entry.step, what });
    if (entry.fact === "intent") kinds.set(entry.id, entry.kind);
    else if (entry.fact === "accepted") idOf.set(entry.messageId, entry.id);
    else if (entry.fact === "fault") {
      const killer = entry.what === "killed" && entry.detail.startsWith("by ") ? entry.detail.slice(3) : null;
      const marked = alone.get(entry.worker ?? "");
      // Never what another message did: to be its bystander is what must not kill.
      const byChance = killer === null && (entry.what === "killed" || entry.detail === "failing.start");
      if (marked !== undefined && byChance) chance.set(marked, (chance.get(marked) ?? 0) + 1);
      const push = /^webhook\.post (a\d+)$/.exec(entry.detail)?.[1] ?? (entry.what === "push_refused" ? entry.detail.split(":")[0] : undefined);
      if (push !== undefined) unpushed.set(push, (unpushed.get(push) ?? 0) + 1);
      if (killer === null) otherFaults += 1;
      else killedBy.set(killer, (killedBy.get(killer) ?? 0) + 1);
    } else if (entry.fact === "postgres" && entry.event.act === "marked_alone") {
      alone.set(entry.worker, entry.event.messageId);
    } else if (entry.fact === "worker" && entry.event.event === "acked" && entry.event.messageIds.includes(alone.get(entry.worker) ?? "")) {
      alone.delete(entry.worker);
    } else if (entry.fact === "postgres" && entry.event.act === "attempt_counted") {
      const { messageId, reason } = entry.event;
      counted.set(messageId, [...(counted.get(messageId) ?? []), reason]);
    } else if (entry.fact === "postgres" && entry.event.act === "death_decided") {
      const { messageId, reason, attempts } = entry.event;
      const id = idOf.get(messageId) ?? "?";
      const kind = kinds.get(id) ?? "healthy";
      if (dead.has(messageId)) fail(`the death of ${id} was decided twice`);
      dead.add(messageId);
      const all = counted.get(messageId) ?? [];
      const failures = all.length;
      const times = (what: string) => all.filter((one) => one === what).length;
      // Chance may look like a killer, and a receiver that fails too often counts as well.
      const mistaken = (what: string) =>
        (what === "process_killer" && times(what) <= (chance.get(messageId) ?? 0)) || (what === "webhook_failed" && times(what) <= (unpushed.get(id) ?? 0));
      for (const what of new Set([...all, reason])) if (!REASONS[kind].includes(what) && !mistaken(what)) fail(`${id}, which is ${kind}, died of ${what}`);
      if (reason !== "malformed" && failures < allowedAttempts) fail(`${id} died after ${failures} failed attempts of ${allowedAttempts}`);
      if (attempts !== failures) fail(`the death of ${id} names ${attempts} attempts, ${failures} were counted`);
    }
  }
  const last = entries.at(-1)?.step ?? 0;
  const messagesOf = Map.groupBy(idOf.keys(), (messageId) => idOf.get(messageId) ?? "");
  for (const [id, kills] of killedBy) {
    // The first handling, the marked one, and each lone one that counts, for each time it was sent.
    const most = (2 + allowedAttempts) * (messagesOf.get(id)?.length ?? 1) + otherFaults;
    if (kills > most) violations.push({ promise: "deaths", step: last, what: `${id} killed ${kills} processes, ${most} at most are explained` });
  }
  return violations;
}
