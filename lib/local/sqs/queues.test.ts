import { describe, expect, it } from "vitest";
import { ARN, bodies, createFixture } from "./testing/engine-fixture.ts";

const refusal = (code: string) => expect.objectContaining({ code });

describe("queues", () => {
  it("are made once; again with the same attributes is the same queue, with others a refusal", () => {
    const { engine, clock } = createFixture();
    const create = (attributes: Record<string, string>, name = "new.fifo") =>
      engine.apply("createQueue", { name, attributes: { FifoQueue: "true", ...attributes } }, clock.now);
    create({ VisibilityTimeout: "10" });
    expect(create({ VisibilityTimeout: "10" })).toEqual({ name: "new.fifo" });
    expect(() => create({ VisibilityTimeout: "11" })).toThrow(refusal("QueueNameExists"));
    expect(() => create({}, "plain")).toThrow(refusal("InvalidParameterValue"));
    expect(() => create({ VisibilityTimeout: "43201" }, "b.fifo")).toThrow(refusal("InvalidAttributeValue"));
    expect(() => create({ Nonsense: "1" }, "b.fifo")).toThrow(refusal("InvalidAttributeName"));
    expect(() => create({ FifoThroughputLimit: "perMessageGroupId" }, "b.fifo")).toThrow(refusal("InvalidAttributeValue"));
    const policy = (arn: string) => ({ RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 3 }) });
    expect(() => create(policy(ARN("none.fifo")), "b.fifo")).toThrow(refusal("InvalidParameterValue"));
    expect(() => create(policy(ARN("b.fifo")), "b.fifo")).toThrow(refusal("InvalidParameterValue"));
  });

  it("show attributes and exact counts", () => {
    const queue = createFixture();
    queue.send("a", "1");
    queue.send("b", "2");
    queue.receive(1);
    expect(queue.engine.attributes("main.fifo", queue.clock.now)).toMatchObject({
      QueueArn: ARN("main.fifo"),
      FifoQueue: "true",
      ApproximateNumberOfMessages: "1",
      ApproximateNumberOfMessagesNotVisible: "1",
      CreatedTimestamp: "1700000000",
      VisibilityTimeout: "30",
    });
  });

  it("drop what is older than the retention period, in flight or not, also when it is shortened", () => {
    const queue = createFixture();
    queue.send("a", "1");
    queue.send("a", "2");
    queue.receive(1);
    queue.wait(100);
    queue.send("b", "3");
    queue.engine.apply("setQueueAttributes", { queue: "main.fifo", attributes: { MessageRetentionPeriod: "60" } }, queue.clock.now);
    expect(queue.figures()).toMatchObject({ expired: 2, visible: 1, inFlight: 0, oldestAgeSeconds: 0 });
    expect(bodies(queue.receive())).toEqual(["3"]);
  });

  it("are purged at most once a minute, and a deleted name rests for a minute", () => {
    const queue = createFixture();
    const apply = (op: "purgeQueue" | "deleteQueue") => queue.engine.apply(op, { queue: "main.fifo" }, queue.clock.now);
    queue.send("a", "1");
    queue.receive();
    queue.send("a", "2");
    apply("purgeQueue");
    expect(queue.figures()).toMatchObject({ purged: 2, visible: 0, inFlight: 0 });
    expect(() => apply("purgeQueue")).toThrow(refusal("PurgeQueueInProgress"));
    queue.send("a", "3");
    expect(bodies(queue.receive())).toEqual(["3"]);
    apply("deleteQueue");
    const again = () => queue.engine.apply("createQueue", { name: "main.fifo", attributes: { FifoQueue: "true" } }, queue.clock.now);
    expect(again).toThrow(refusal("QueueDeletedRecently"));
    queue.wait(60);
    expect(again()).toEqual({ name: "main.fifo" });
  });
});
