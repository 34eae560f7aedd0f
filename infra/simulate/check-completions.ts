import type { RunLog } from "./log.ts";
import type { Violation } from "./violation.ts";

/**
 * Order, one at a time, once, and ack after store: what may be deleted from the queue, and when.
 * - Only the process that received a message last deletes it, and only while it is hidden for it.
 * - What is deleted is in the table or is a death whose copy stands in the DLQ.
 * - What was accepted before it, for the same user, is in the table or dead by then.
 * - What one request brought is queued in its order, but for what the verdicts name.
 * - A store begins only while the process still holds all of its messages.
 */
export function checkCompletions({ entries, contents }: RunLog): Violation[] {
  const violations: Violation[] = [];
  const messages = new Map<string, { id: string; groupId: string; redriveOf: string | null; holder: string; untilMs: number; deleted: boolean }>();
  const groups = new Map<string, string[]>();
  const written = new Set<string>();
  const deathOf = new Map<string, string>();
  const copies = new Set<string>();
  const resolved = new Set<string>();
  /** When each activity was accepted first. */
  const acceptedAt = new Map<string, number>();
  /** Front of each group: all before it are deleted. */
  const fronts = new Map<string, number>();

  const through = (messageId: string) => written.has(messages.get(messageId)?.id ?? "") || deathOf.has(messageId);

  for (const entry of entries) {
    const { step, atMs } = entry;
    const fail = (promise: Violation["promise"], what: string) => violations.push({ promise, step, what });
    switch (entry.fact) {
      case "accepted": {
        const { messageId, groupId, id, redriveOf } = entry;
        messages.set(messageId, { id, groupId, redriveOf, holder: "", untilMs: 0, deleted: false });
        if (!acceptedAt.has(id)) acceptedAt.set(id, acceptedAt.size);
        const group = groups.get(groupId);
        if (group) group.push(messageId);
        else groups.set(groupId, [messageId]);
        break;
      }
      case "received":
      case "hidden": {
        const message = messages.get(entry.messageId);
        if (!message) break;
        if (entry.fact === "received" && message.holder !== entry.worker && message.untilMs > atMs + 1) {
          fail("one_at_a_time", `${entry.worker} received ${message.id} while ${message.holder} held it`);
        }
        if (entry.fact === "hidden" && message.holder !== entry.worker) fail("one_at_a_time", `${entry.worker} changed the visibility of ${message.id}, held by ${message.holder}`);
        message.holder = entry.worker;
        message.untilMs = entry.untilMs;
        break;
      }
      case "answered": {
        const places = entry.inOrder.map((id) => acceptedAt.get(id) ?? -1);
        const at = places.findIndex((place, position) => position > 0 && place < (places[position - 1] ?? -1));
        if (at > 0) fail("order", `${entry.inOrder[at]} was accepted before ${entry.inOrder[at - 1]}, which came before it in the request`);
        break;
      }
      case "written": {
        written.add(entry.id);
        if (contents.get(entry.id) !== entry.content) fail("once", `${entry.id} was stored with another content than was sent`);
        break;
      }
      case "postgres":
        if (entry.event.act === "death_decided") deathOf.set(entry.event.messageId, entry.event.deathId);
        if (entry.event.act === "death_resolved") {
          resolved.add(entry.event.deathId);
          if (entry.event.outcome === "stored") {
            const messageId = [...deathOf].find(([, deathId]) => entry.event.act === "death_resolved" && deathId === entry.event.deathId)?.[0];
            const id = messages.get(messageId ?? "")?.id ?? "";
            if (!written.has(id)) fail("ack_after_store", `the death of ${id} was resolved as stored before it was`);
          }
        }
        break;
      case "dead_letter":
        copies.add(entry.deathId);
        break;
      case "worker": {
        if (entry.event.event !== "storing") break;
        for (const messageId of entry.event.messageIds) {
          const message = messages.get(messageId);
          if (!message || (message.holder === entry.worker && message.untilMs > atMs)) continue;
          if (message.deleted) fail("one_at_a_time", `${entry.worker} began to store ${message.id}, which is acked`);
          else fail("one_at_a_time", `${entry.worker} began to store ${message.id} without holding it`);
        }
        break;
      }
      case "deleted": {
        const message = messages.get(entry.messageId);
        if (!message) break;
        const { id } = message;
        if (message.holder !== entry.worker) fail("one_at_a_time", `${entry.worker} deleted ${id}, received last by ${message.holder}`);
        message.deleted = true;
        const deathId = deathOf.get(entry.messageId);
        if (deathId !== undefined) {
          if (!copies.has(deathId) && !resolved.has(deathId)) fail("ack_after_store", `${id} died and was deleted without a copy in the dead-letter queue`);
        } else if (!written.has(id)) {
          fail("ack_after_store", `${id} was deleted, neither stored nor dead`);
        }
        const group = groups.get(message.groupId) ?? [];
        let front = fronts.get(message.groupId) ?? 0;
        while (front < group.length && messages.get(group[front] ?? "")?.deleted === true) front += 1;
        fronts.set(message.groupId, front);
        for (let at = front; group[at] !== undefined && group[at] !== entry.messageId && at < group.length; at += 1) {
          const earlier = group[at] ?? "";
          if (group.indexOf(entry.messageId) < at) break;
          if (!through(earlier)) fail("order", `${id} was acked while ${messages.get(earlier)?.id ?? earlier}, accepted before it, was neither stored nor dead`);
        }
        break;
      }
      default:
    }
  }
  return violations;
}
