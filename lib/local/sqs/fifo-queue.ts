import { createHeap } from "./heap.ts";
import type { Group, Message, MessageContent } from "./message.ts";

/**
 * The messages of one FIFO queue and who may be received now.
 *
 * A message is waiting, or in flight until `visibleAt`, or gone. A group is ready when nothing of it is in flight
 * and its first message lies within the look-ahead (the first `lookAhead` messages of the queue). Ready groups come
 * out oldest first message first. Every step is O(1) or O(log n); nothing walks over the messages.
 */
export type FifoQueue = ReturnType<typeof createFifoQueue>;

interface ReadyEntry {
  seq: number;
  group: Group;
}
interface Deadline {
  at: number;
  message: Message;
}

/** An empty queue that follows the rules at the top of this file. */
export function createFifoQueue({ lookAhead, maxInFlight }: { lookAhead: number; maxInFlight: number }) {
  const groups = new Map<string, Group>();
  /** Messages received at least once, by seq: what a receipt handle can point to. */
  const received = new Map<number, Message>();
  const ready = createHeap<ReadyEntry>((left, right) => left.seq < right.seq);
  const deadlines = createHeap<Deadline>(
    (left, right) => left.at < right.at || (left.at === right.at && left.message.seq < right.message.seq),
  );
  let oldest: Message | null = null;
  let newest: Message | null = null;
  let size = 0;
  let inFlight = 0;
  let nextSeq = 1;
  /** Last message within the look-ahead, and how many there are. */
  let windowEnd: Message | null = null;
  let windowSize = 0;

  const inWindow = (message: Message) => windowEnd !== null && message.seq <= windowEnd.seq;

  function makeReady(group: Group): void {
    const { first } = group;
    if (group.inFlight > 0 || !first || !inWindow(first) || group.readySeq === first.seq) return;
    group.readySeq = first.seq;
    ready.push({ seq: first.seq, group });
  }

  function widenWindow(): void {
    while (windowSize < lookAhead) {
      const next: Message | null = windowEnd ? windowEnd.newer : oldest;
      if (!next) return;
      windowEnd = next;
      windowSize += 1;
      if (next.group.first === next) makeReady(next.group);
    }
  }

  /** First ready group; drops entries that went stale on the way. */
  function peekReady(): Group | null {
    for (let entry = ready.peek(); entry; entry = ready.peek()) {
      const { group, seq } = entry;
      const current = group.readySeq === seq;
      if (current && group.inFlight === 0 && group.first?.seq === seq) return group;
      ready.pop();
      if (current) group.readySeq = 0;
    }
    return null;
  }

  function popReady(): Group | null {
    const group = peekReady();
    if (!group) return null;
    ready.pop();
    group.readySeq = 0;
    return group;
  }

  /** First deadline that still holds; drops those of messages released, deleted or given another time. */
  function peekDeadline(): Deadline | null {
    for (let entry = deadlines.peek(); entry; entry = deadlines.peek()) {
      if (entry.message.inFlight && entry.message.visibleAt === entry.at) return entry;
      deadlines.pop();
    }
    return null;
  }

  function setDeadline(message: Message, visibleAt: number): void {
    message.visibleAt = visibleAt;
    deadlines.push({ at: visibleAt, message });
    if (deadlines.size > 2 * inFlight + 1_000) {
      deadlines.retain((entry) => entry.message.inFlight && entry.message.visibleAt === entry.at);
    }
  }

  function groupOf(id: string): Group {
    let group = groups.get(id);
    if (!group) {
      group = { id, first: null, last: null, inFlight: 0, readySeq: 0 };
      groups.set(id, group);
    }
    return group;
  }

  /** Appends a message at the end. @param seq given only when a snapshot is restored, in its order. */
  function append(content: MessageContent, seq = nextSeq): Message {
    const group = groupOf(content.groupId);
    const message: Message = {
      ...content,
      groupId: group.id,
      seq,
      group,
      inFlight: false,
      visibleAt: 0,
      receivedAt: 0,
      visibilityChanged: false,
      older: newest,
      newer: null,
      groupPrevious: group.last,
      groupNext: null,
    };
    nextSeq = seq + 1;
    if (newest) newest.newer = message;
    else oldest = message;
    newest = message;
    if (group.last) group.last.groupNext = message;
    else group.first = message;
    group.last = message;
    size += 1;
    if (message.receiveCount > 0) received.set(seq, message);
    widenWindow();
    return message;
  }

  /** Takes a message out of the queue for good. */
  function remove(message: Message): void {
    const { group, older, newer, groupPrevious, groupNext } = message;
    if (inWindow(message)) {
      windowSize -= 1;
      if (windowEnd === message) windowEnd = older;
    }
    if (older) older.newer = newer;
    else oldest = newer;
    if (newer) newer.older = older;
    else newest = older;
    if (groupPrevious) groupPrevious.groupNext = groupNext;
    else group.first = groupNext;
    if (groupNext) groupNext.groupPrevious = groupPrevious;
    else group.last = groupPrevious;
    if (message.inFlight) {
      message.inFlight = false;
      inFlight -= 1;
      group.inFlight -= 1;
    }
    size -= 1;
    received.delete(message.seq);
    if (group.first) makeReady(group);
    else groups.delete(group.id);
    widenWindow();
  }

  function hold(message: Message, visibleAt: number): void {
    message.inFlight = true;
    message.group.inFlight += 1;
    inFlight += 1;
    received.set(message.seq, message);
    setDeadline(message, visibleAt);
  }

  /** Makes a message in flight visible again; its group is ready once none of it is in flight. */
  function release(message: Message): void {
    message.inFlight = false;
    message.group.inFlight -= 1;
    inFlight -= 1;
    makeReady(message.group);
  }

  /**
   * Takes up to `max` messages into flight, as many of one group as it can first.
   * @param divert called with each message about to be taken; true means that it was removed instead.
   */
  function take(max: number, visibleAt: number, divert: (message: Message) => boolean): Message[] {
    const taken: Message[] = [];
    while (taken.length < max && inFlight < maxInFlight) {
      const group = popReady();
      if (!group) break;
      let message = group.first;
      while (message && taken.length < max && inFlight < maxInFlight && inWindow(message)) {
        const next: Message | null = message.groupNext;
        if (!divert(message)) {
          hold(message, visibleAt);
          taken.push(message);
        }
        message = next;
      }
    }
    return taken;
  }

  return {
    append,
    remove,
    release,
    take,
    setDeadline,
    /** Puts a restored message back in flight. */
    hold,
    /** The first message that could be received now, or null. */
    available: (): Message | null => (inFlight < maxInFlight ? (peekReady()?.first ?? null) : null),
    /** The message of this seq, if it was ever received and is still there. */
    receivedMessage: (seq: number): Message | null => received.get(seq) ?? null,
    /** Message in flight whose time ends first. */
    nextDeadline: (): Message | null => peekDeadline()?.message ?? null,
    oldest: (): Message | null => oldest,
    /** Groups that hold messages. */
    groupCount: (): number => groups.size,
    counts: () => ({ visible: size - inFlight, inFlight }),
    nextSeq: (): number => nextSeq,
    /** Restores the counter of a queue whose newest messages are gone. */
    setNextSeq(seq: number) {
      nextSeq = seq;
    },
    *messages(): Generator<Message> {
      for (let message = oldest; message; message = message.newer) yield message;
    },
  };
}
