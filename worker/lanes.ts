import { type ParsedMessage, parseMessageBody } from "#lib/contracts/message.ts";
import { itemBytes, writeUnits } from "#lib/domain/write-units.ts";
import { type ActivityItem, toItem } from "#lib/gateways/activity-table.ts";
import type { ReceivedMessage } from "#lib/gateways/sqs-queue.ts";

/** A message this worker holds. */
export interface Held {
  message: ReceivedMessage;
  parsed: ParsedMessage;
  /** Its item, for an activity; `storedAt` is a stand-in of the same size until it is written. */
  item: ActivityItem | null;
  costWriteUnits: number;
  /** Monotonic ms. When it was received, and until when no other worker can get it. */
  receivedAtMs: number;
  visibleUntilMs: number;
  /** Written to the table, not yet acked: what comes before it in its lane is not done. */
  storedAtMs: number | null;
  /** Pushed to every sink; stays false where there is none. */
  pushed: boolean;
  /** SQS said that it was deleted while nobody else could have it: SQS says so of a handle that is too old, too. */
  surelyDeleted: boolean;
  /** May be handled: a first delivery, or a redelivery that has left its start mark. */
  prepared: boolean;
  marked: boolean;
}

/**
 * One user's held messages, in order. `idle` waits for its turn; `busy` is in somebody's hands, who alone may change
 * it; `gone` has left the worker and whoever still holds it must not act on it.
 */
export interface Lane {
  readonly groupId: string;
  held: Held[];
  state: "idle" | "busy" | "gone";
  /** Not before this, monotonic ms: put off after a throttle or an outage. */
  notBeforeMs: number;
  setbacks: number;
  /** A message of it was acked and may yet be in the queue: nothing that follows it here is surely complete through. */
  unsure: boolean;
}

const STORED_AT_STAND_IN = "0000-00-00T00:00:00.000Z";

/** Parses a message and works out what storing it costs. */
export function hold(message: ReceivedMessage, times: { receivedAtMs: number; visibleUntilMs: number; retentionDays: number }): Held {
  const parsed = parseMessageBody(message.body);
  const item =
    parsed.kind === "activity"
      ? toItem(parsed.message.activity, {
          acceptedAt: parsed.message.acceptedAt,
          storedAt: STORED_AT_STAND_IN,
          sequence: message.sequenceNumber,
          retentionDays: times.retentionDays,
        })
      : null;
  return {
    message,
    parsed,
    item,
    costWriteUnits: item === null ? 0 : writeUnits(itemBytes({ ...item })),
    receivedAtMs: times.receivedAtMs,
    visibleUntilMs: times.visibleUntilMs,
    storedAtMs: null,
    pushed: false,
    surelyDeleted: false,
    prepared: message.receiveCount <= 1,
    marked: false,
  };
}

export const messageIds = (held: readonly Held[]): string[] => held.map((one) => one.message.messageId);

/** The first message that is not stored: what the lane's turn is about. */
export function head(lane: Lane): Held | undefined {
  return lane.held.find((one) => one.storedAtMs === null);
}

/** Ready to share a batch as it is: an activity, marked if it had to be. */
export function storable(held: Held): held is Held & { item: ActivityItem } {
  return held.prepared && held.item !== null;
}

export type Lanes = ReturnType<typeof createLanes>;

/** The buffer: lanes by group, in the order in which they came to wait. */
export function createLanes({ onChange }: { onChange: () => void }) {
  const lanes = new Map<string, Lane>();
  /** Idle lanes, longest waiting first. Put-off ones are in it too. */
  const waiting = new Set<Lane>();
  /** Put off, and some of which the time has come since. */
  const late = new Set<Lane>();
  const buffered = { messages: 0, writeUnits: 0 };
  const count = (held: Held, sign: 1 | -1) => {
    if (held.storedAtMs !== null) return;
    buffered.messages += sign;
    buffered.writeUnits += sign * held.costWriteUnits;
  };

  return {
    /** Takes received messages in; a redelivery of one still held only renews its handle. @returns those taken in. */
    add(received: readonly Held[]): Held[] {
      const added: Held[] = [];
      for (const one of received) {
        let lane = lanes.get(one.message.groupId);
        const same = lane?.held.find((held) => held.message.messageId === one.message.messageId);
        if (same) {
          same.message = one.message;
          same.visibleUntilMs = one.visibleUntilMs;
          continue;
        }
        if (!lane) {
          lane = { groupId: one.message.groupId, held: [], state: "idle", notBeforeMs: 0, setbacks: 0, unsure: false };
          lanes.set(lane.groupId, lane);
          waiting.add(lane);
        }
        lane.held.push(one);
        count(one, 1);
        added.push(one);
      }
      if (added.length > 0) onChange();
      return added;
    },

    /** Takes an idle lane in hand. */
    claim(lane: Lane): void {
      lane.state = "busy";
      waiting.delete(lane);
    },

    /** Gives a lane back: to its end of the line if it still holds messages, out of the worker if not. */
    giveBack(lane: Lane): void {
      if (lane.state === "gone") return;
      if (lane.held.length === 0) {
        lane.state = "gone";
        lanes.delete(lane.groupId);
      } else {
        lane.state = "idle";
        waiting.add(lane);
      }
      onChange();
    },

    /** Lets a lane go with all it holds. @returns what it held. */
    drop(lane: Lane): Held[] {
      const { held } = lane;
      for (const one of held) count(one, -1);
      lane.state = "gone";
      lane.held = [];
      waiting.delete(lane);
      if (lanes.get(lane.groupId) === lane) lanes.delete(lane.groupId);
      onChange();
      return held;
    },

    /** Keeps a lane from its turn until then, monotonic ms. */
    putOff(lane: Lane, notBeforeMs: number): void {
      lane.notBeforeMs = notBeforeMs;
      late.add(lane);
    },

    /** What lanes hold whose time has not come. */
    putOffWriteUnits(nowMs: number): number {
      let writeUnits = 0;
      for (const lane of late) {
        if (lane.state === "gone" || lane.notBeforeMs <= nowMs) late.delete(lane);
        else for (const one of lane.held) if (one.storedAtMs === null) writeUnits += one.costWriteUnits;
      }
      return writeUnits;
    },

    /** Idle lanes whose time has come, longest waiting first. */
    *ready(nowMs: number): Generator<Lane> {
      for (const lane of waiting) if (lane.notBeforeMs <= nowMs) yield lane;
    },

    all: (): Lane[] => Array.from(lanes.values()),
    size: (): number => lanes.size,
    /** Whether the message is still held: neither acked nor let go. */
    holds: (one: Held): boolean => lanes.get(one.message.groupId)?.held.includes(one) ?? false,

    /** Notes that a message is in the table. */
    stored(held: Held, atMs: number): void {
      count(held, -1);
      held.storedAtMs = atMs;
    },

    /** Takes acked messages out of their lane. */
    remove(lane: Lane, acked: readonly Held[]): void {
      for (const one of acked) if (lane.held.includes(one)) count(one, -1);
      lane.held = lane.held.filter((one) => !acked.includes(one));
    },

    /** What waits to be stored. */
    buffered: (): { messages: number; writeUnits: number } => buffered,
  };
}
