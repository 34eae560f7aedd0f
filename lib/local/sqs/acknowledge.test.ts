import { describe, expect, it } from "vitest";
import { bodies, createFixture, first } from "./testing/engine-fixture.ts";

describe("delete", () => {
  it("succeeds again for a message that is gone", () => {
    const queue = createFixture();
    queue.send("a", "1");
    const { receiptHandle } = first(queue.receive());
    expect(queue.delete(receiptHandle)).toEqual(["deleted"]);
    expect(queue.delete(receiptHandle)).toEqual(["gone"]);
  });

  it("is refused once the visibility has ended", () => {
    const queue = createFixture();
    queue.send("a", "1");
    const { receiptHandle } = first(queue.receive());
    queue.wait(30);
    expect(queue.delete(receiptHandle)).toEqual(["InvalidParameterValue"]);
    expect(queue.figures().visible).toBe(1);
  });

  it("with the handle of an earlier receive succeeds and deletes nothing", () => {
    const queue = createFixture();
    queue.send("a", "1");
    const old = first(queue.receive()).receiptHandle;
    queue.wait(30);
    const current = first(queue.receive()).receiptHandle;
    expect(current).not.toBe(old);
    expect(queue.delete(old)).toEqual(["superseded"]);
    expect(queue.figures().inFlight).toBe(1);
    expect(queue.delete(current)).toEqual(["deleted"]);
  });

  it("refuses garbage and another queue's handle, and takes the rest of the batch", () => {
    const queue = createFixture();
    queue.send("a", "1");
    queue.send("a", "dead", "d", "dead.fifo");
    const foreign = first(queue.receive(1, { queue: "dead.fifo" })).receiptHandle;
    const own = first(queue.receive()).receiptHandle;
    expect(queue.delete("rubbish", foreign, own)).toEqual(["ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", "deleted"]);
  });
});

describe("change of visibility", () => {
  it("starts anew from now and holds for this receive only", () => {
    const queue = createFixture();
    queue.send("a", "1");
    const { receiptHandle } = first(queue.receive());
    queue.wait(20);
    expect(queue.changeVisibility(receiptHandle, 100)).toEqual(["ok"]);
    queue.wait(99);
    expect(queue.receive()).toEqual([]);
    queue.wait(1);
    expect(bodies(queue.receive())).toEqual(["1"]);
    queue.wait(30);
    expect(bodies(queue.receive())).toEqual(["1"]);
  });

  it("is refused for a message that is visible, gone, or received again", () => {
    const queue = createFixture();
    queue.send("a", "1");
    const { receiptHandle } = first(queue.receive());
    expect(queue.changeVisibility(receiptHandle, 0)).toEqual(["ok"]);
    expect(queue.changeVisibility(receiptHandle, 10)).toEqual(["MessageNotInflight"]);
    const current = first(queue.receive()).receiptHandle;
    expect(queue.changeVisibility(receiptHandle, 10)).toEqual(["InvalidParameterValue"]);
    queue.delete(current);
    expect(queue.changeVisibility(current, 10)).toEqual(["InvalidParameterValue"]);
  });

  it("is bounded by 12 hours a time and 12 hours since the receive", () => {
    const queue = createFixture();
    queue.send("a", "1");
    const { receiptHandle } = first(queue.receive());
    expect(queue.changeVisibility(receiptHandle, 43_201)).toEqual(["InvalidParameterValue"]);
    expect(queue.changeVisibility(receiptHandle, 43_200)).toEqual(["ok"]);
    queue.wait(10);
    expect(queue.changeVisibility(receiptHandle, 43_191)).toEqual(["InvalidParameterValue"]);
    expect(queue.changeVisibility(receiptHandle, 43_190)).toEqual(["ok"]);
  });
});
