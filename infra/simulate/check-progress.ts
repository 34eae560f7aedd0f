import type { RunLog } from "./log.ts";
import type { Violation } from "./violation.ts";

/**
 * Complete through never passes a hole: when a user is told to be complete through a message, that one and all that the
 * queue took before it for this user are deleted or dead.
 */
export function checkProgress({ entries }: RunLog): Violation[] {
  const violations: Violation[] = [];
  const groups = new Map<string, { messageId: string; id: string; sequence: bigint }[]>();
  const gone = new Set<string>();
  /** Front of each group: all before it are gone. */
  const fronts = new Map<string, number>();
  for (const entry of entries) {
    if (entry.fact === "accepted") {
      const message = { messageId: entry.messageId, id: entry.id, sequence: BigInt(entry.sequence) };
      const group = groups.get(entry.groupId);
      if (group) group.push(message);
      else groups.set(entry.groupId, [message]);
    } else if (entry.fact === "deleted") {
      gone.add(entry.messageId);
    } else if (entry.fact === "postgres" && entry.event.act === "death_decided") {
      gone.add(entry.event.messageId);
    } else if (entry.fact === "through") {
      const group = groups.get(entry.groupId) ?? [];
      let front = fronts.get(entry.groupId) ?? 0;
      while (gone.has(group[front]?.messageId ?? "")) front += 1;
      fronts.set(entry.groupId, front);
      const hole = group[front];
      if (hole && hole.sequence <= BigInt(entry.sequence)) {
        violations.push({ promise: "complete_through", step: entry.step, what: `${entry.worker} told complete through ${entry.sequence} while ${hole.id} was neither deleted nor dead` });
      }
    }
  }
  return violations;
}
