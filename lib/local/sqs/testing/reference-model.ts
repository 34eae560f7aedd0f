/**
 * SQS FIFO as a slow, obvious model, for tests: plain arrays, everything found by looking at every message.
 * The engine must answer as this does. Written from the rules, not from the engine.
 */
export interface ModelMessage {
  body: string;
  group: string;
  enqueuedAt: number;
  receiveCount: number;
  /** Null while waiting. */
  visibleAt: number | null;
  receivedAt: number;
  changed: boolean;
  /** Body-wise identity of the queue that it died in. */
  diedIn: "main" | null;
}

export interface ModelQueue {
  retentionMs: number;
  messages: ModelMessage[];
  gone: { deleted: number; expired: number; purged: number; movedOut: number };
  came: { sent: number; movedIn: number };
}

interface ModelTask {
  startedAt: number;
  perSecond: number;
  moved: number;
  toMove: number;
}

export interface ModelOptions {
  lookAhead: number;
  maxInFlight: number;
  maxReceiveCount: number;
  visibilityMs: number;
  retentionMs: number;
}

const DEDUPLICATION_MS = 300_000;

function emptyQueue(retentionMs: number): ModelQueue {
  return {
    retentionMs,
    messages: [],
    gone: { deleted: 0, expired: 0, purged: 0, movedOut: 0 },
    came: { sent: 0, movedIn: 0 },
  };
}

export type Model = ReturnType<typeof createModel>;

export function createModel(options: ModelOptions) {
  const main = emptyQueue(options.retentionMs);
  const dead = emptyQueue(options.retentionMs * 2);
  const known = new Map<string, { body: string; at: number }>();
  const attempts = new Map<string, { got: { message: ModelMessage; count: number }[]; at: number }>();
  let task: ModelTask | null = null;

  const flying = (queue: ModelQueue) => queue.messages.filter((message) => message.visibleAt !== null);
  const locked = (queue: ModelQueue, group: string) => flying(queue).some((message) => message.group === group);
  const within = (queue: ModelQueue) => queue.messages.slice(0, options.lookAhead);

  function drop(queue: ModelQueue, message: ModelMessage, how: keyof ModelQueue["gone"]): void {
    queue.messages = queue.messages.filter((other) => other !== message);
    queue.gone[how] += 1;
  }

  function pass(now: number): void {
    for (const queue of [main, dead]) {
      for (const message of queue.messages) {
        if (message.enqueuedAt + queue.retentionMs <= now) drop(queue, message, "expired");
        else if (message.visibleAt !== null && message.visibleAt <= now) message.visibleAt = null;
      }
    }
  }

  /** First message that could be received. */
  function front(queue: ModelQueue): ModelMessage | undefined {
    return flying(queue).length >= options.maxInFlight ? undefined : within(queue).find((message) => !locked(queue, message.group));
  }

  function move(now: number): void {
    const message = front(dead);
    if (!task) return;
    if (!message || task.moved >= task.toMove) {
      task = null;
      return;
    }
    drop(dead, message, "movedOut");
    main.messages.push({ ...message, enqueuedAt: now, receiveCount: 0, receivedAt: 0, changed: false, diedIn: null });
    main.came.movedIn += 1;
    task.moved += 1;
    if (task.moved >= task.toMove) task = null;
  }

  function advance(now: number): void {
    while (task) {
      const at: number = Math.ceil(task.startedAt + ((task.moved + 1) * 1_000) / task.perSecond);
      if (at > now) break;
      pass(at);
      move(at);
    }
    pass(now);
  }

  function bury(message: ModelMessage, now: number): void {
    drop(main, message, "movedOut");
    dead.messages.push({ ...message, enqueuedAt: now, diedIn: "main" });
    dead.came.movedIn += 1;
  }

  function takeGroup(queue: ModelQueue, group: string, room: number, now: number): ModelMessage[] {
    const taken: ModelMessage[] = [];
    for (const message of queue.messages.filter((other) => other.group === group)) {
      if (taken.length === room || flying(queue).length >= options.maxInFlight || !within(queue).includes(message)) break;
      if (queue === main && message.receiveCount >= options.maxReceiveCount) {
        bury(message, now);
        continue;
      }
      message.visibleAt = Infinity;
      taken.push(message);
    }
    return taken;
  }

  return {
    main,
    dead,
    advance,
    counts: (queue: ModelQueue) => ({ visible: queue.messages.length - flying(queue).length, inFlight: flying(queue).length }),
    locked,

    /** @returns the body that the answer's ids belong to: this one, or that of the first send within the window. */
    send(group: string, deduplicationId: string, body: string, now: number): string {
      const key = `${group}/${deduplicationId}`;
      const first = known.get(key);
      if (first && now - first.at < DEDUPLICATION_MS) return first.body;
      known.set(key, { body, at: now });
      main.messages.push({ body, group, enqueuedAt: now, receiveCount: 0, visibleAt: null, receivedAt: 0, changed: false, diedIn: null });
      main.came.sent += 1;
      return body;
    },

    receive(queue: ModelQueue, max: number, visibilityMs: number | undefined, attempt: string | undefined, now: number): ModelMessage[] {
      const visibleAt = now + (visibilityMs ?? options.visibilityMs);
      const before = attempt === undefined ? undefined : attempts.get(attempt);
      const intact = before?.got.every(
        ({ message, count }) =>
          queue.messages.includes(message) && message.visibleAt !== null && message.receiveCount === count && !message.changed,
      );
      if (before && intact && now - before.at < DEDUPLICATION_MS) {
        for (const { message } of before.got) message.visibleAt = visibleAt;
        return before.got.map(({ message }) => message);
      }
      const taken: ModelMessage[] = [];
      for (let next = front(queue); next && taken.length < max; next = front(queue)) {
        taken.push(...takeGroup(queue, next.group, max - taken.length, now));
      }
      for (const message of taken) Object.assign(message, { visibleAt, receivedAt: now, changed: false, receiveCount: message.receiveCount + 1 });
      if (attempt !== undefined && taken.length > 0) {
        attempts.set(attempt, { got: taken.map((message) => ({ message, count: message.receiveCount })), at: now });
      }
      return taken;
    },

    /** @param count the receive count that the handle was made at. */
    handle(queue: ModelQueue, message: ModelMessage, count: number): "held" | "expired" | "superseded" | "gone" {
      if (!queue.messages.includes(message)) return "gone";
      if (message.receiveCount !== count) return "superseded";
      return message.visibleAt === null ? "expired" : "held";
    },
    remove: (queue: ModelQueue, message: ModelMessage) => drop(queue, message, "deleted"),
    purge(queue: ModelQueue) {
      queue.gone.purged += queue.messages.length;
      queue.messages = [];
    },
    startTask(perSecond: number, now: number) {
      task = { startedAt: now, perSecond, moved: 0, toMove: dead.messages.length - flying(dead).length };
    },
    taskRuns: () => task !== null,
    cancelTask() {
      task = null;
    },
  };
}
