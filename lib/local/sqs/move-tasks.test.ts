import { describe, expect, it } from "vitest";
import { ARN, createFixture, first } from "./testing/engine-fixture.ts";

/** A dead-letter queue with ten messages, each in a group of its own, that died in the main queue. */
function withDeadLetters() {
  const queue = createFixture({ maxReceiveCount: 1, attributes: { VisibilityTimeout: "0" } });
  for (let index = 0; index < 10; index += 1) queue.send(`g${index}`, `m${index}`);
  queue.receive();
  queue.receive();
  expect(queue.figures("dead.fifo").visible).toBe(10);
  const start = (input: { destinationArn?: string; messagesPerSecond?: number; sourceArn?: string } = {}) =>
    queue.engine.apply("startMoveTask", { sourceArn: ARN("dead.fifo"), ...input }, queue.clock.now).taskHandle;
  const tasks = () => queue.engine.moveTasks(ARN("dead.fifo"), queue.clock.now);
  return { ...queue, start, tasks };
}

describe("message move tasks", () => {
  it("move at their rate by the clock, back to where each message died, with new ids and counts", () => {
    const queue = withDeadLetters();
    const before = first(queue.receive(1, { queue: "dead.fifo", visibilityTimeoutSeconds: 0 }));
    queue.start({ messagesPerSecond: 2 });
    queue.wait(1.499);
    expect(queue.figures("main.fifo").movedIn).toBe(2);
    expect(first(queue.tasks())).toMatchObject({ status: "RUNNING", moved: 2, toMove: 10 });
    queue.wait(3.501);
    expect(first(queue.tasks())).toMatchObject({ status: "COMPLETED", moved: 10, messagesPerSecond: 2, destinationArn: null });
    expect(queue.figures("dead.fifo")).toMatchObject({ visible: 0, movedOut: 10 });
    const moved = first(queue.receive(1));
    expect(moved).toMatchObject({ body: before.body, groupId: before.groupId, receiveCount: 1, deadLetterSourceArn: null });
    expect(moved.messageId).not.toBe(before.messageId);
    expect(moved.sentAt).toBeGreaterThan(before.sentAt);
  });

  it("can be cancelled, and tell how many were moved", () => {
    const queue = withDeadLetters();
    const handle = queue.start({ messagesPerSecond: 1 });
    queue.wait(3);
    const cancel = () => queue.engine.apply("cancelMoveTask", { taskHandle: handle }, queue.clock.now);
    expect(cancel()).toEqual({ moved: 3 });
    queue.wait(60);
    expect(queue.figures("dead.fifo").visible).toBe(7);
    expect(first(queue.tasks()).status).toBe("CANCELLED");
    expect(cancel).toThrow("Only active tasks can be cancelled.");
  });

  it("run one at a time per queue, from dead-letter queues only, at most 500 a second", () => {
    const queue = withDeadLetters();
    expect(() => queue.start({ messagesPerSecond: 501 })).toThrow("Must be between 1 and 500");
    expect(() => queue.start({ sourceArn: ARN("main.fifo") })).toThrow("must be configured as a Dead Letter Queue");
    expect(() => queue.start({ sourceArn: ARN("none.fifo") })).toThrow(expect.objectContaining({ code: "ResourceNotFoundException" }));
    queue.start({ destinationArn: ARN("main.fifo") });
    expect(() => queue.start()).toThrow("There is already a task running");
    queue.wait(1);
    queue.start();
    queue.wait(1);
    expect(queue.tasks().map(({ status, moved }) => [status, moved])).toEqual([["COMPLETED", 0], ["COMPLETED", 10]]);
  });

  it("fail, and lose nothing, when a message's own queue is not known or gone", () => {
    const queue = withDeadLetters();
    queue.send("x", "sent here directly", "x", "dead.fifo");
    queue.start({ messagesPerSecond: 100 });
    queue.wait(1);
    expect(first(queue.tasks())).toMatchObject({ status: "FAILED", moved: 10, failureReason: "CouldNotDetermineMessageSource" });
    expect(queue.figures("dead.fifo").visible).toBe(1);
  });
});
