import { MISSING_FROM_ANSWER, SQS_BATCH_ENTRIES, type OutgoingMessage, type SendResult } from "#lib/gateways/sqs-queue.ts";

/**
 * Merges the messages of concurrent requests into shared send calls.
 *
 * A user (message group) is idle, waiting or busy. Messages of a waiting group go out in the order they came, as
 * many as one call takes; the group is then busy until that call has ended, so no two calls in flight hold messages
 * of one group. What a call did not settle returns to the head of its group and is sent again, under the same
 * deduplication id, after a pause. A message ends with exactly one verdict.
 */

/** Fate of one message. `unknown` was sent and may be queued; `not_sent` is surely not. */
export type SendVerdict =
  | { status: "accepted"; sequenceNumber: string; outOfOrder: boolean }
  | { status: "refused"; reason: string }
  | { status: "not_sent"; reason: string }
  | { status: "unknown"; reason: string };

/** What one send call came to. `reason` ends up in verdicts, which producers read; `detail` is for the log alone. */
export type SendOutcome =
  | { kind: "answered"; results: readonly SendResult[] }
  /** The call never left, or was refused as a whole: nothing of it is queued. */
  | { kind: "not_sent"; reason: string; detail?: string; retry: boolean }
  /** It left and no answer came: any part of it may be queued. */
  | { kind: "lost"; reason: string; detail?: string };

export interface BatcherLimits {
  /** Entries of one call; SQS takes 10. */
  batchMessages: number;
  /** UTF-8 bytes of one call's bodies. */
  batchBytes: number;
  /** Longest wait of a lone message for company, milliseconds. */
  lingerMs: number;
  callsInFlight: number;
  /** Sends of one message, the first included. */
  attempts: number;
  /** First pause before a retry, milliseconds; doubles up to `maxBackoffMs`, full jitter. */
  backoffMs: number;
  maxBackoffMs: number;
}

export const BATCHER_LIMITS: BatcherLimits = {
  batchMessages: SQS_BATCH_ENTRIES,
  batchBytes: 256 * 1024,
  lingerMs: 3,
  callsInFlight: 32,
  attempts: 6,
  backoffMs: 100,
  maxBackoffMs: 2_000,
};

export interface BatcherClock {
  now: () => number;
  /** Runs `action` after `delayMs`; @returns what cancels it. */
  after: (delayMs: number, action: () => void) => () => void;
}

interface Item {
  message: OutgoingMessage;
  bytes: number;
  submission: object;
  /** The item before it of its user and its submission. */
  before: Item | null;
  /** Its SequenceNumber, padded so that text order is its order; "" before it has one. */
  sequence: string;
  attempts: number;
  /** An earlier send of it went unanswered. */
  maybeQueued: boolean;
  inFlight: boolean;
  settled: boolean;
  settle: (verdict: SendVerdict) => void;
}

interface Group {
  id: string;
  items: Item[];
  state: "waiting" | "busy";
  /** When the group began to wait, milliseconds. */
  since: number;
}

export interface Batcher {
  /**
   * @param onVerdict told each verdict as it falls: so those of one user in the order in which the queue took them, which
   * ends of whole requests do not keep.
   * @returns one verdict per message, by position; all by `deadlineAt` (epoch milliseconds). Never rejects.
   */
  submit(messages: readonly OutgoingMessage[], deadlineAt: number, onVerdict?: (position: number, verdict: SendVerdict) => void): Promise<SendVerdict[]>;
}

/** @param send makes one call; it must end by itself in bounded time. A rejection counts as a lost answer. */
export function createBatcher({
  send,
  clock,
  random,
  limits = BATCHER_LIMITS,
}: {
  send: (messages: readonly OutgoingMessage[]) => Promise<SendOutcome>;
  clock: BatcherClock;
  random: () => number;
  limits?: BatcherLimits;
}): Batcher {
  const groups = new Map<string, Group>();
  /** Waiting groups, longest wait first. */
  const waiting = new Set<Group>();
  let waitingMessages = 0;
  let waitingBytes = 0;
  let calls = 0;
  let cancelLinger: (() => void) | null = null;

  function settle(item: Item, verdict: SendVerdict): void {
    if (item.settled) return;
    item.settled = true;
    item.settle(verdict);
  }

  /** Ends an item that will not be sent again. Its followers of the same request would overtake it, so they end too. */
  function giveUp(group: Group, item: Item, reason: string): void {
    settle(item, item.maybeQueued ? { status: "unknown", reason } : { status: "not_sent", reason });
    for (const follower of group.items) {
      if (follower.submission !== item.submission || follower.settled) continue;
      const because = "an earlier activity of this user in this request was not accepted";
      settle(follower, follower.maybeQueued ? { status: "unknown", reason: because } : { status: "not_sent", reason: because });
    }
  }

  /** The one place where a group starts to wait, or is forgotten when nothing is left of it. */
  function wait(group: Group): void {
    group.items = group.items.filter((item) => !item.settled);
    if (group.items.length === 0) {
      groups.delete(group.id);
      return;
    }
    group.state = "waiting";
    group.since = clock.now();
    waiting.add(group);
    waitingMessages += group.items.length;
    for (const item of group.items) waitingBytes += item.bytes;
  }

  function take(): { group: Group; items: Item[] }[] {
    const parts: { group: Group; items: Item[] }[] = [];
    let messages = 0;
    let bytes = 0;
    for (const group of waiting) {
      const items: Item[] = [];
      for (const item of group.items) {
        const room = messages < limits.batchMessages && (messages === 0 || bytes + item.bytes <= limits.batchBytes);
        if (!room) break;
        items.push(item);
        messages += 1;
        bytes += item.bytes;
      }
      if (items.length === 0) break;
      parts.push({ group, items });
      if (messages >= limits.batchMessages) break;
    }
    for (const { group, items } of parts) {
      waiting.delete(group);
      group.state = "busy";
      waitingMessages -= group.items.length;
      for (const item of group.items) waitingBytes -= item.bytes;
      group.items.splice(0, items.length);
    }
    return parts;
  }

  /** Starts as many calls as are due; a part-filled one is due when its oldest group has lingered. */
  function pump(): void {
    cancelLinger?.();
    cancelLinger = null;
    while (calls < limits.callsInFlight) {
      const [first] = waiting;
      if (!first) return;
      const full = waitingMessages >= limits.batchMessages || waitingBytes >= limits.batchBytes;
      const dueInMs = first.since + limits.lingerMs - clock.now();
      // More than a linger to go: the clock was set back, and nobody may wait for it to come there again.
      if (!full && dueInMs > 0 && dueInMs <= limits.lingerMs) {
        cancelLinger = clock.after(dueInMs, pump);
        return;
      }
      void call(take());
    }
  }

  async function call(parts: { group: Group; items: Item[] }[]): Promise<void> {
    calls += 1;
    const items = parts.flatMap((part) => part.items);
    for (const item of items) {
      item.attempts += 1;
      item.inFlight = true;
    }
    const outcome = await send(items.map((item) => item.message)).catch(
      (cause: unknown): SendOutcome => ({ kind: "lost", reason: "the send failed", detail: String(cause) }),
    );
    calls -= 1;
    for (const item of items) item.inFlight = false;
    let position = 0;
    for (const { group, items: sent } of parts) {
      conclude(group, sent, outcome, position);
      position += sent.length;
    }
    pump();
  }

  /**
   * A call whose answer was lost, in this process or in one that died with the producer's last try, may have refused this
   * one's predecessor and taken this one. A send that SQS drops as a repeat is answered with the first one's
   * SequenceNumber, which then is lower than the predecessor's.
   */
  function overtook(item: Item, sequenceNumber: string): boolean {
    const sequence = sequenceNumber.padStart(40, "0");
    item.sequence = sequence;
    for (let { before } = item; before !== null; { before } = before) if (before.sequence > sequence) return true;
    return false;
  }

  function conclude(group: Group, sent: readonly Item[], outcome: SendOutcome, offset: number): void {
    let retryReason: string | null = null;
    const again: Item[] = [];
    const failed: { item: Item; reason: string }[] = [];
    const retryOrFail = (item: Item, reason: string, retry: boolean) => {
      retryReason = reason;
      if (retry && item.attempts < limits.attempts && !item.settled) again.push(item);
      else failed.push({ item, reason });
    };
    for (const [index, item] of sent.entries()) {
      if (outcome.kind !== "answered") {
        if (outcome.kind === "lost") item.maybeQueued = true;
        retryOrFail(item, outcome.reason, outcome.kind === "lost" || outcome.retry);
        continue;
      }
      const result = outcome.results[offset + index];
      if (result?.ok) {
        const outOfOrder = overtook(item, result.sequenceNumber) || retryReason !== null;
        settle(item, { status: "accepted", sequenceNumber: result.sequenceNumber, outOfOrder });
      } else if (result?.senderFault) {
        const reason = `the queue refused it: ${result.code}`;
        settle(item, item.maybeQueued ? { status: "unknown", reason } : { status: "refused", reason });
      } else if (result && result.code !== MISSING_FROM_ANSWER) {
        retryOrFail(item, `the queue did not take it: ${result.code}`, true);
      } else {
        // Neither taken nor refused: all that is known is that it was sent.
        item.maybeQueued = true;
        retryOrFail(item, "the queue named no result for it", true);
      }
    }
    group.items = [...again, ...group.items];
    for (const { item, reason } of failed) giveUp(group, item, reason);
    if (again.length === 0) {
      wait(group);
      return;
    }
    // Still busy while it pauses, so that nothing of this user overtakes the retry.
    const attempt = Math.max(...again.map((item) => item.attempts));
    const ceiling = Math.min(limits.maxBackoffMs, limits.backoffMs * 2 ** (attempt - 1));
    clock.after(Math.ceil(random() * ceiling), () => {
      wait(group);
      pump();
    });
  }

  function add(message: OutgoingMessage, submission: object, settleItem: (verdict: SendVerdict) => void): Item {
    const item: Item = {
      message,
      bytes: Buffer.byteLength(message.body),
      submission,
      before: null,
      sequence: "",
      attempts: 0,
      maybeQueued: false,
      inFlight: false,
      settled: false,
      settle: settleItem,
    };
    const group = groups.get(message.groupId);
    if (!group) {
      const made: Group = { id: message.groupId, items: [item], state: "waiting", since: clock.now() };
      groups.set(made.id, made);
      wait(made);
    } else {
      const last = group.items.at(-1);
      if (last?.submission === submission) item.before = last;
      group.items.push(item);
      if (group.state === "waiting") {
        waitingMessages += 1;
        waitingBytes += item.bytes;
      }
    }
    return item;
  }

  /** Ends what has no verdict at the deadline. What is in flight may be queued; what waits is surely not. */
  function expire(items: readonly Item[]): void {
    for (const item of items) {
      if (item.settled) continue;
      settle(
        item,
        item.maybeQueued || item.inFlight
          ? { status: "unknown", reason: "sent, and no answer came before the deadline" }
          : { status: "not_sent", reason: "the deadline passed before it could be sent" },
      );
    }
    for (const groupId of new Set(items.map((item) => item.message.groupId))) {
      const group = groups.get(groupId);
      if (group?.state !== "waiting") continue;
      waiting.delete(group);
      waitingMessages -= group.items.length;
      for (const item of group.items) waitingBytes -= item.bytes;
      wait(group);
    }
    pump();
  }

  return {
    submit(messages, deadlineAt, onVerdict) {
      if (messages.length === 0) return Promise.resolve([]);
      const { promise, resolve } = Promise.withResolvers<SendVerdict[]>();
      const submission = {};
      const verdicts: SendVerdict[] = [];
      let missing = messages.length;
      let cancelDeadline: (() => void) | null = null;
      const items = messages.map((message, position) =>
        add(message, submission, (verdict) => {
          verdicts[position] = verdict;
          onVerdict?.(position, verdict);
          missing -= 1;
          if (missing > 0) return;
          cancelDeadline?.();
          resolve(verdicts);
        }),
      );
      cancelDeadline = clock.after(Math.max(0, deadlineAt - clock.now()), () => expire(items));
      pump();
      return promise;
    },
  };
}
