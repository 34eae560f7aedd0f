import { describe, expect, it } from "vitest";
import { ARN, bodies, createFixture, first } from "./testing/engine-fixture.ts";

describe("receive", () => {
  it("gives up to ten, as many of one group as it can first, and mixes groups", () => {
    const queue = createFixture();
    for (let index = 0; index < 6; index += 1) for (const group of ["a", "b"]) queue.send(group, `${group}${index}`);
    expect(bodies(queue.receive())).toEqual(["a0", "a1", "a2", "a3", "a4", "a5", "b0", "b1", "b2", "b3"]);
    expect(queue.receive()).toEqual([]);
  });

  it("locks a group until all of it in flight is deleted or visible again, then redelivers in order", () => {
    const queue = createFixture();
    for (const body of ["1", "2", "3", "4"]) queue.send("a", body);
    const [one, two, three] = queue.receive(3);
    queue.delete(one?.receiptHandle ?? "");
    queue.changeVisibility(three?.receiptHandle ?? "", 0);
    expect(queue.receive()).toEqual([]);
    queue.changeVisibility(two?.receiptHandle ?? "", 0);
    expect(bodies(queue.receive())).toEqual(["2", "3", "4"]);
  });

  it("redelivers in order after the visibility timeout, counts the receive, and not a moment before", () => {
    const queue = createFixture();
    for (const body of ["1", "2"]) queue.send("a", body);
    queue.receive();
    queue.wait(29.999);
    expect(queue.receive()).toEqual([]);
    queue.wait(0.001);
    expect(queue.receive().map(({ body, receiveCount }) => [body, receiveCount])).toEqual([["1", 2], ["2", 2]]);
  });

  it("repeats an attempt with the same handles for 5 minutes and starts the visibility anew", () => {
    const queue = createFixture();
    for (const body of ["1", "2"]) queue.send("a", body);
    const got = queue.receive(10, { attemptId: "try-1" });
    queue.wait(29);
    expect(queue.receive(10, { attemptId: "try-1" })).toEqual(got);
    queue.wait(29);
    expect(queue.receive()).toEqual([]);
    queue.wait(1);
    expect(bodies(queue.receive())).toEqual(["1", "2"]);
  });

  it("takes an attempt as a new receive after 5 minutes, or once a message of it was deleted", () => {
    const queue = createFixture({ attributes: { VisibilityTimeout: "600" } });
    for (const body of ["1", "2"]) queue.send("a", body);
    const got = queue.receive(10, { attemptId: "old" });
    queue.wait(299.999);
    expect(queue.receive(10, { attemptId: "old" })).toEqual(got);
    queue.wait(0.001);
    expect(queue.receive(10, { attemptId: "old" })).toEqual([]);
    queue.send("b", "3");
    queue.receive(10, { attemptId: "touched" });
    queue.send("b", "4");
    expect(queue.delete(first(got).receiptHandle)).toEqual(["deleted"]);
    expect(queue.receive(10, { attemptId: "old" })).toEqual([]);
  });

  it("returns nothing past the in-flight cap, and goes on when there is room", () => {
    const queue = createFixture({ maxInFlight: 2 });
    for (const group of ["a", "b", "c"]) queue.send(group, group);
    const got = queue.receive();
    expect(bodies(got)).toEqual(["a", "b"]);
    expect(queue.receive()).toEqual([]);
    queue.delete(first(got).receiptHandle);
    expect(bodies(queue.receive())).toEqual(["c"]);
  });

  it("looks only so far for groups: a hot user's backlog hides whoever comes later", () => {
    const queue = createFixture({ lookAhead: 12 });
    for (let index = 0; index < 12; index += 1) queue.send("hot", `hot${index}`);
    queue.send("late", "late");
    const got = queue.receive();
    expect(bodies(got)).toHaveLength(10);
    expect(queue.receive()).toEqual([]);
    queue.delete(first(got).receiptHandle);
    expect(bodies(queue.receive())).toEqual(["late"]);
  });

  it("refuses more than ten messages and a visibility past 12 hours", () => {
    const queue = createFixture();
    expect(() => queue.receive(11)).toThrow("Must be between 1 and 10");
    expect(() => queue.receive(1, { visibilityTimeoutSeconds: 43_201 })).toThrow("Must be between 0 and 43200");
    expect(() => queue.receive(1, { queue: "none.fifo" })).toThrow(expect.objectContaining({ code: "QueueDoesNotExist" }));
  });
});

describe("dead letters by redrive policy", () => {
  it("move when the count exceeds maxReceiveCount, with the message id for deduplication id and a new retention", () => {
    const queue = createFixture({ maxReceiveCount: 2, attributes: { VisibilityTimeout: "0" } });
    const sent = queue.send("a", "poison", "its-own-id");
    queue.send("a", "next");
    queue.wait(1_000);
    expect(bodies(queue.receive(1))).toEqual(["poison"]);
    expect(bodies(queue.receive(1))).toEqual(["poison"]);
    expect(bodies(queue.receive(1))).toEqual(["next"]);
    expect(queue.figures("dead.fifo").oldestAgeSeconds).toBe(0);
    const letter = first(queue.receive(1, { queue: "dead.fifo" }));
    const messageId = sent.ok ? sent.messageId : "";
    expect(letter).toMatchObject({ body: "poison", groupId: "a", messageId, deduplicationId: messageId, deadLetterSourceArn: ARN("main.fifo") });
    expect(letter.receiveCount).toBe(3);
  });

  it("are delivered on, not lost, while the dead-letter queue is missing", () => {
    const queue = createFixture({ maxReceiveCount: 1, attributes: { VisibilityTimeout: "0" } });
    queue.send("a", "poison");
    queue.receive();
    queue.engine.apply("deleteQueue", { queue: "dead.fifo" }, queue.clock.now);
    expect(bodies(queue.receive())).toEqual(["poison"]);
  });

  it("names its sources", () => {
    const { engine } = createFixture();
    expect(engine.deadLetterSources("dead.fifo")).toEqual(["main.fifo"]);
    expect(engine.deadLetterSources("main.fifo")).toEqual([]);
  });
});
