import type { ActivityItem } from "#lib/gateways/activity-table.ts";
import { type Held, head, type Lane, storable } from "./lanes.ts";

/** Messages of one lane in a batch, in order. */
export interface BatchPart {
  lane: Lane;
  held: Held[];
}

/** One put of a batch; several messages with the same key are one put, of the last one's content. */
export interface BatchPut {
  item: ActivityItem;
  costWriteUnits: number;
}

export interface Batch {
  parts: BatchPart[];
  puts: BatchPut[];
  /** Position of each message's put. */
  putOf: Map<Held, number>;
  costWriteUnits: number;
}

/**
 * Fills a batch from lanes that wait, in order within each lane and up to the lane's first message that needs more
 * than storing. Always takes one message at least, whatever it costs.
 */
export function chooseBatch(lanes: Iterable<Lane>, { budgetWriteUnits, maxItems }: { budgetWriteUnits: number; maxItems: number }): Batch {
  const batch: Batch = { parts: [], puts: [], putOf: new Map(), costWriteUnits: 0 };
  const positions = new Map<string, number>();
  for (const lane of lanes) {
    const part: BatchPart = { lane, held: [] };
    let full = false;
    for (const held of lane.held) {
      if (held.storedAtMs !== null) continue;
      if (!storable(held)) break;
      const key = JSON.stringify([held.item.userId, held.item.sk]);
      const known = positions.get(key);
      const before = known === undefined ? 0 : (batch.puts[known]?.costWriteUnits ?? 0);
      const cost = batch.costWriteUnits - before + held.costWriteUnits;
      full = batch.puts.length > 0 && (cost > budgetWriteUnits || (known === undefined && batch.puts.length >= maxItems));
      if (full) break;
      const put = { item: held.item, costWriteUnits: held.costWriteUnits };
      const position = known ?? batch.puts.length;
      batch.puts[position] = put;
      positions.set(key, position);
      batch.putOf.set(held, position);
      batch.costWriteUnits = cost;
      part.held.push(held);
    }
    if (part.held.length > 0) batch.parts.push(part);
    if (full) break;
  }
  return batch;
}

/**
 * Fills several batches for one lease, each from lanes of its own. All but the first are full and within what is left
 * of the budget: what cannot fill one waits for its turn, so that no call is spent on a few.
 */
export function chooseBatches(
  lanes: readonly Lane[],
  { budgetWriteUnits, maxItems, maxBatches }: { budgetWriteUnits: number; maxItems: number; maxBatches: number },
): Batch[] {
  const batches: Batch[] = [];
  const taken = new Set<Lane>();
  let left = budgetWriteUnits;
  while (batches.length < maxBatches) {
    const batch = chooseBatch(unclaimed(lanes, taken), { budgetWriteUnits: left, maxItems });
    const welcome = batches.length === 0 ? batch.parts.length > 0 : batch.puts.length === maxItems && batch.costWriteUnits <= left;
    if (!welcome) break;
    batches.push(batch);
    for (const { lane } of batch.parts) taken.add(lane);
    left -= batch.costWriteUnits;
  }
  return batches;
}

function* unclaimed(lanes: readonly Lane[], taken: ReadonlySet<Lane>): Generator<Lane> {
  for (const lane of lanes) if (!taken.has(lane)) yield lane;
}

/** Whether the lane's turn is more than storing: a redelivery to mark, a body that cannot be stored, an ack to redo. */
export function needsAttention(lane: Lane): boolean {
  const first = head(lane);
  return first === undefined || !storable(first);
}
