import type { Commands, Delivery, SendOutcome } from "#lib/local/sqs/commands.ts";
import { createEngine, type Engine } from "#lib/local/sqs/engine.ts";
import type { EngineOptions } from "#lib/local/sqs/state.ts";

export const ARN = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;

/** For tests: an engine with `main.fifo` and `dead.fifo`, a clock to be moved, and short ways to say things. */
export function createFixture(options: Partial<EngineOptions> & { attributes?: Record<string, string>; maxReceiveCount?: number } = {}) {
  const { attributes = {}, maxReceiveCount = 1_000, ...engineOptions } = options;
  const engine: Engine = createEngine({ seed: "test", ...engineOptions });
  const clock = { now: 1_700_000_000_000 };
  let ids = 0;
  engine.apply("createQueue", { name: "dead.fifo", attributes: { FifoQueue: "true" } }, clock.now);
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: ARN("dead.fifo"), maxReceiveCount });
  engine.apply("createQueue", { name: "main.fifo", attributes: { FifoQueue: "true", RedrivePolicy, ...attributes } }, clock.now);

  return {
    engine,
    clock,
    /** Sends one message; a deduplication id of its own unless given. */
    send(groupId: string, body: string, deduplicationId = `id-${ids++}`, queue = "main.fifo"): SendOutcome {
      const [outcome] = engine.apply("send", { queue, entries: [{ body, groupId, deduplicationId, attributes: null }] }, clock.now);
      if (!outcome) throw new Error("no outcome");
      return outcome;
    },
    receive: (maxMessages = 10, more: Partial<Commands["receive"]["input"]> = {}): Delivery[] =>
      engine.apply("receive", { queue: "main.fifo", maxMessages, ...more }, clock.now),
    /** @returns what became of each, or the code of its refusal. */
    delete: (...receiptHandles: string[]): string[] =>
      engine.apply("delete", { queue: "main.fifo", receiptHandles }, clock.now).map((outcome) => (outcome.ok ? outcome.did : outcome.error.code)),
    changeVisibility: (receiptHandle: string, visibilityTimeoutSeconds: number): string[] =>
      engine
        .apply("changeVisibility", { queue: "main.fifo", entries: [{ receiptHandle, visibilityTimeoutSeconds }] }, clock.now)
        .map((outcome) => (outcome.ok ? "ok" : outcome.error.code)),
    wait(seconds: number) {
      clock.now += seconds * 1_000;
    },
    figures: (queue = "main.fifo") => engine.figures(queue, clock.now),
  };
}

export const bodies = (deliveries: readonly Delivery[]) => deliveries.map(({ body }) => body);

/** The first of a list that must not be empty. */
export function first<Item>(items: readonly Item[]): Item {
  const [item] = items;
  if (item === undefined) throw new Error("the list is empty");
  return item;
}
