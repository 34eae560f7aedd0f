import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Delivery } from "./commands.ts";
import { createEngine, type Engine } from "./engine.ts";
import { SqsError } from "./errors.ts";
import { createModel, type Model, type ModelMessage, type ModelOptions } from "./testing/reference-model.ts";
import { queueArn } from "./state.ts";

type Which = "main" | "dead";
type Step =
  | { do: "send"; group: number; id: number }
  | { do: "receive"; from: Which; max: number; seconds: number | undefined; attempt: number | undefined }
  | { do: "delete"; pick: number }
  | { do: "change"; pick: number; seconds: number }
  | { do: "wait"; ms: number }
  | { do: "purge"; from: Which }
  | { do: "startMove"; perSecond: number }
  | { do: "cancelMove" }
  | { do: "restore" }
  | { do: "replay" };

const which = fc.constantFrom<Which>("main", "main", "main", "dead");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("send" as const), group: fc.nat(3), id: fc.nat(15) }) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant("receive" as const),
      from: which,
      max: fc.integer({ min: 1, max: 10 }),
      seconds: fc.option(fc.nat(20), { nil: undefined }),
      attempt: fc.option(fc.nat(2), { nil: undefined }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("delete" as const), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("change" as const), pick: fc.nat(), seconds: fc.nat(40) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.oneof(fc.nat(3_000), fc.nat(30_000), fc.nat(310_000)) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("purge" as const), from: which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("startMove" as const), perSecond: fc.integer({ min: 1, max: 500 }) }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "cancelMove" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "restore" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "replay" }) },
);
const limits: fc.Arbitrary<ModelOptions> = fc.record({
  lookAhead: fc.constantFrom(3, 6, 1_000),
  maxInFlight: fc.constantFrom(2, 5, 1_000),
  maxReceiveCount: fc.integer({ min: 1, max: 4 }),
  visibilityMs: fc.constantFrom(5_000, 30_000),
  retentionMs: fc.constantFrom(60_000, 600_000),
});

const NAMES: Record<Which, string> = { main: "main.fifo", dead: "dead.fifo" };
const START = 1_700_000_000_000;

/** The engine and the model, driven by the same steps; each step compares what both say. */
function createPair(options: ModelOptions) {
  const model: Model = createModel(options);
  const build = () => createEngine({ seed: "s", lookAhead: options.lookAhead, maxInFlight: options.maxInFlight });
  let engine: Engine = build();
  let now = START;
  let sends = 0;
  let task: string | null = null;
  const log: ((target: Engine) => void)[] = [];
  const held: { from: Which; handle: string; message: ModelMessage; count: number }[] = [];
  const bodyOfId = new Map<string, string>();

  /** As the journal does: keeps what changed something, with its time. */
  const apply: Engine["apply"] = (op, input, at) => {
    const before = engine.revision();
    const output = engine.apply(op, input, at);
    if (engine.revision() !== before) log.push((target) => void target.apply(op, input, at));
    return output;
  };
  const base = { FifoQueue: "true", DeduplicationScope: "messageGroup", VisibilityTimeout: String(options.visibilityMs / 1_000) };
  const deadArn = queueArn({ seed: "s", lookAhead: 0, maxInFlight: 0 }, NAMES.dead);
  const redrive = JSON.stringify({ deadLetterTargetArn: deadArn, maxReceiveCount: options.maxReceiveCount });
  const retention = (ms: number) => ({ MessageRetentionPeriod: String(ms / 1_000) });
  apply("createQueue", { name: NAMES.dead, attributes: { ...base, ...retention(2 * options.retentionMs) } }, now);
  apply("createQueue", { name: NAMES.main, attributes: { ...base, ...retention(options.retentionMs), RedrivePolicy: redrive } }, now);

  function checkDeliveries(from: Which, got: Delivery[], expected: ModelMessage[]): void {
    expect(got.map(({ body, groupId, receiveCount }) => [body, groupId, receiveCount])).toEqual(
      expected.map(({ body, group, receiveCount }) => [body, group, receiveCount]),
    );
    got.forEach((delivery, position) => {
      const message = expected[position];
      if (!message) return;
      held.push({ from, handle: delivery.receiptHandle, message, count: message.receiveCount });
      const diedIn = delivery.deadLetterSourceArn === null ? null : "main";
      expect(diedIn).toBe(from === "dead" ? message.diedIn : null);
    });
  }

  function code(outcome: { ok: true } | { ok: false; error: SqsError }): string {
    return outcome.ok ? "ok" : outcome.error.code;
  }

  function run(next: Step): void {
    switch (next.do) {
      case "send": {
        const [group, id, body] = [`g${next.group}`, `d${next.id}`, `body ${sends++}`];
        const first = model.send(group, id, body, now);
        const entry = { body, groupId: group, deduplicationId: id, attributes: null };
        const [outcome] = apply("send", { queue: NAMES.main, entries: [entry] }, now);
        if (!outcome?.ok) throw new Error("a valid send was refused");
        expect(outcome.duplicate).toBe(first !== body);
        if (!outcome.duplicate) bodyOfId.set(outcome.messageId, body);
        expect(bodyOfId.get(outcome.messageId)).toBe(first);
        return;
      }
      case "receive": {
        const seconds = next.seconds;
        // An attempt id belongs to one queue, so the two queues use different ones.
        const attempt = next.attempt === undefined ? undefined : `${next.from}-${next.attempt}`;
        const expected = model.receive(model[next.from], next.max, seconds === undefined ? undefined : seconds * 1_000, attempt, now);
        const input = { queue: NAMES[next.from], maxMessages: next.max, visibilityTimeoutSeconds: seconds, attemptId: attempt };
        checkDeliveries(next.from, apply("receive", input, now), expected);
        return;
      }
      case "delete": {
        const target = held[next.pick % Math.max(1, held.length)];
        if (!target) return;
        const state = model.handle(model[target.from], target.message, target.count);
        const [outcome] = apply("delete", { queue: NAMES[target.from], receiptHandles: [target.handle] }, now);
        if (!outcome) throw new Error("no outcome");
        if (state === "held") model.remove(model[target.from], target.message);
        expect(code(outcome)).toBe(state === "expired" ? "InvalidParameterValue" : "ok");
        if (outcome.ok) expect(outcome.did).toBe(state === "held" ? "deleted" : state);
        return;
      }
      case "change": {
        const target = held[next.pick % Math.max(1, held.length)];
        if (!target) return;
        const state = model.handle(model[target.from], target.message, target.count);
        const entry = { receiptHandle: target.handle, visibilityTimeoutSeconds: next.seconds };
        const [outcome] = apply("changeVisibility", { queue: NAMES[target.from], entries: [entry] }, now);
        if (!outcome) throw new Error("no outcome");
        const codes = { held: "ok", expired: "MessageNotInflight", superseded: "InvalidParameterValue", gone: "InvalidParameterValue" };
        expect(code(outcome)).toBe(codes[state]);
        if (state === "held") Object.assign(target.message, { changed: true, visibleAt: next.seconds === 0 ? null : now + next.seconds * 1_000 });
        return;
      }
      case "wait":
        now += next.ms;
        model.advance(now);
        return;
      case "purge":
        try {
          apply("purgeQueue", { queue: NAMES[next.from] }, now);
          model.purge(model[next.from]);
        } catch (error) {
          expect(error instanceof SqsError && error.code).toBe("PurgeQueueInProgress");
        }
        return;
      case "startMove":
        if (model.taskRuns()) {
          expect(() => apply("startMoveTask", { sourceArn: deadArn }, now)).toThrow("already a task running");
        } else {
          task = apply("startMoveTask", { sourceArn: deadArn, messagesPerSecond: next.perSecond }, now).taskHandle;
          model.startTask(next.perSecond, now);
        }
        return;
      case "cancelMove":
        if (task === null || !model.taskRuns()) return;
        apply("cancelMoveTask", { taskHandle: task }, now);
        model.cancelTask();
        return;
      case "restore": {
        const restored = build();
        for (const line of engine.snapshot()) restored.restore(JSON.parse(JSON.stringify(line)));
        engine = restored;
        return;
      }
      case "replay": {
        const replayed = build();
        for (const again of log) again(replayed);
        engine = replayed;
        return;
      }
    }
  }

  function compare(): void {
    for (const name of ["main", "dead"] as const) {
      const queue = model[name];
      const figures = engine.figures(NAMES[name], now);
      expect({ visible: figures.visible, inFlight: figures.inFlight }).toEqual(model.counts(queue));
      expect(engine.attributes(NAMES[name], now)).toMatchObject({
        ApproximateNumberOfMessages: String(figures.visible),
        ApproximateNumberOfMessagesNotVisible: String(figures.inFlight),
      });
      const { sent, movedIn, deleted, expired, purged, movedOut } = figures;
      expect({ ...queue.came, ...queue.gone }).toEqual({ sent, movedIn, deleted, expired, purged, movedOut });
      expect(sent + movedIn).toBe(figures.visible + figures.inFlight + deleted + expired + purged + movedOut);
    }
  }

  return {
    take(next: Step) {
      run(next);
      model.advance(now); // what was received for 0 seconds is visible again at once
      compare();
    },
  };
}

describe("the engine against the reference model", () => {
  it("gives the same deliveries, refusals, counts and sums for any history, restarts included", () => {
    fc.assert(
      fc.property(limits, fc.array(step, { minLength: 20, maxLength: 120 }), (options, steps) => {
        const pair = createPair(options);
        for (const next of steps) pair.take(next);
      }),
      { numRuns: 250 },
    );
  });
});

describe("promises that hold for any history, seen from outside", () => {
  it("delivers a group in order, and nothing of it while any of it is held", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 30, maxLength: 150 }), (steps) => {
        const engine = createEngine({ seed: "s" });
        engine.apply("createQueue", { name: "q.fifo", attributes: { FifoQueue: "true", VisibilityTimeout: "10" } }, START);
        let now = START;
        let sent = 0;
        const waiting = new Map<string, number[]>();
        const holds = new Map<string, Map<string, { handle: string; body: number; until: number }>>();
        const handles: { group: string; handle: string; body: number }[] = [];
        for (const next of steps) {
          if (next.do === "wait") now += next.ms % 20_000;
          if (next.do === "send") {
            const group = `g${next.group}`;
            const body = sent++;
            engine.apply("send", { queue: "q.fifo", entries: [{ body: String(body), groupId: group, deduplicationId: `d${body}`, attributes: null }] }, now);
            waiting.set(group, [...(waiting.get(group) ?? []), body]);
          }
          if (next.do === "receive") {
            const got = engine.apply("receive", { queue: "q.fifo", maxMessages: next.max }, now);
            const groups = Map.groupBy(got, ({ groupId }) => groupId);
            for (const [group, deliveries] of groups) {
              for (const hold of holds.get(group)?.values() ?? []) expect(hold.until).toBeLessThanOrEqual(now);
              const bodies = deliveries.map(({ body }) => Number(body));
              expect(bodies).toEqual((waiting.get(group) ?? []).slice(0, bodies.length));
              holds.set(group, new Map(deliveries.map(({ body, receiptHandle: handle }) => [body, { handle, body: Number(body), until: now + 10_000 }])));
              for (const { body, receiptHandle: handle } of deliveries) handles.push({ group, handle, body: Number(body) });
            }
          }
          if (next.do === "delete") {
            const target = handles[next.pick % Math.max(1, handles.length)];
            if (!target) continue;
            const [outcome] = engine.apply("delete", { queue: "q.fifo", receiptHandles: [target.handle] }, now);
            if (!outcome?.ok || outcome.did !== "deleted") continue;
            holds.get(target.group)?.delete(String(target.body));
            waiting.set(target.group, (waiting.get(target.group) ?? []).filter((body) => body !== target.body));
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
