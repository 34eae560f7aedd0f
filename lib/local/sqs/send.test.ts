import { describe, expect, it } from "vitest";
import type { SendEntry } from "./commands.ts";
import { contentDeduplicationId } from "./digests.ts";
import { bodies, createFixture, first } from "./testing/engine-fixture.ts";

const MIB = 1_048_576;
const entry = (over: Partial<SendEntry> = {}): SendEntry => ({ body: "x", groupId: "g", deduplicationId: "d", attributes: null, ...over });

function codeOf(over: Partial<SendEntry>): string {
  const { engine, clock } = createFixture();
  const outcome = first(engine.apply("send", { queue: "main.fifo", entries: [entry(over)] }, clock.now));
  return outcome.ok ? "ok" : outcome.error.code;
}

describe("deduplication", () => {
  it("answers the first send's ids for 5 minutes, also after the delete, and then takes a new message", () => {
    const queue = createFixture();
    const original = queue.send("a", "first", "same");
    queue.delete(first(queue.receive()).receiptHandle);
    queue.wait(299.999);
    expect(queue.send("a", "second", "same")).toEqual({ ...original, duplicate: true });
    expect(queue.receive()).toEqual([]);
    queue.wait(0.001);
    expect(queue.send("a", "third", "same")).toMatchObject({ ok: true, duplicate: false });
    expect(bodies(queue.receive())).toEqual(["third"]);
  });

  it("spans the queue by default, and the group when its scope says so", () => {
    const wide = createFixture();
    wide.send("a", "1", "same");
    expect(wide.send("b", "2", "same")).toMatchObject({ duplicate: true });
    const narrow = createFixture({ attributes: { DeduplicationScope: "messageGroup" } });
    narrow.send("a", "1", "same");
    expect(narrow.send("b", "2", "same")).toMatchObject({ duplicate: false });
    expect(narrow.send("b", "3", "same")).toMatchObject({ duplicate: true });
  });

  it("works by content where the queue says so, and an id is needed where it does not", () => {
    const queue = createFixture({ attributes: { ContentBasedDeduplication: "true" } });
    const send = (body: string) => first(queue.engine.apply("send", { queue: "main.fifo", entries: [entry({ body, deduplicationId: undefined })] }, queue.clock.now));
    expect(send("one")).toMatchObject({ duplicate: false });
    expect(send("one")).toMatchObject({ duplicate: true });
    expect(send("two")).toMatchObject({ duplicate: false });
    expect(first(queue.receive()).deduplicationId).toBe(contentDeduplicationId("one"));
    expect(codeOf({ deduplicationId: undefined })).toBe("InvalidParameterValue");
  });
});

describe("sequence numbers and ids", () => {
  it("are 20 digits that grow, and differ", () => {
    const queue = createFixture();
    const sent = ["1", "2", "3"].map((body) => queue.send("a", body)).flatMap((outcome) => (outcome.ok ? [outcome] : []));
    const numbers = sent.map(({ sequenceNumber }) => sequenceNumber);
    expect(numbers.every((number) => /^\d{20}$/.test(number))).toBe(true);
    expect(numbers.toSorted()).toEqual(numbers);
    expect(new Set(sent.map(({ messageId }) => messageId)).size).toBe(3);
    expect(sent[0]?.messageId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe("what a message may be", () => {
  it.each([
    ["tab, newline, emoji", "\t\n\r \u{1F600}\uFFFD", "ok"],
    ["U+FFFE", "a\uFFFE", "InvalidMessageContents"],
    ["U+FFFF", "a\uFFFF", "InvalidMessageContents"],
    ["a control character", "a\u0001", "InvalidMessageContents"],
    ["a lone surrogate", "a\uD800", "InvalidMessageContents"],
    ["1 MiB", "x".repeat(MIB), "ok"],
    ["over 1 MiB", "x".repeat(MIB + 1), "InvalidParameterValue"],
    ["over 1 MiB in two-byte characters", "é".repeat(MIB / 2 + 1), "InvalidParameterValue"],
  ])("%s", (_, body, code) => expect(codeOf({ body })).toBe(code));

  it.each([
    ["128 characters of punctuation", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~".padEnd(128, "x"), "ok"],
    ["129 characters", "x".repeat(129), "InvalidParameterValue"],
    ["a space", "a b", "InvalidParameterValue"],
    ["an umlaut", "ü", "InvalidParameterValue"],
  ])("group and deduplication id of %s", (_, id, code) => {
    expect(codeOf({ groupId: id })).toBe(code);
    expect(codeOf({ deduplicationId: id })).toBe(code);
  });

  it("counts attributes into the size and checks their names, types and values", () => {
    const text = (StringValue: string) => ({ DataType: "String", StringValue });
    expect(codeOf({ attributes: { "spillway.reason": text("x") } })).toBe("ok");
    expect(codeOf({ body: "x".repeat(MIB - 8), attributes: { a: text("xyz") } })).toBe("InvalidParameterValue");
    expect(codeOf({ attributes: { "aws.x": text("x") } })).toBe("InvalidParameterValue");
    expect(codeOf({ attributes: { a: text("") } })).toBe("InvalidParameterValue");
    expect(codeOf({ attributes: { a: { DataType: "Date", StringValue: "x" } } })).toBe("InvalidParameterValue");
    expect(codeOf({ attributes: { a: { DataType: "Number", StringValue: "twelve" } } })).toBe("InvalidParameterValue");
    expect(codeOf({ attributes: { a: text("\u0000") } })).toBe("InvalidMessageContents");
    expect(codeOf({ attributes: Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`a${index}`, text("x")])) })).toBe("InvalidParameterValue");
  });

  it("refuses a batch as a whole when it is too long or lacks a group, and takes it in part otherwise", () => {
    const queue = createFixture();
    const send = (...entries: SendEntry[]) => queue.engine.apply("send", { queue: "main.fifo", entries }, queue.clock.now);
    const half = "x".repeat(MIB / 2);
    expect(() => send(entry({ body: half }), entry({ body: `${half}x` }))).toThrow(expect.objectContaining({ code: "BatchRequestTooLong" }));
    expect(() => send(entry(), entry({ groupId: undefined }))).toThrow(expect.objectContaining({ code: "MissingParameter" }));
    expect(queue.figures().sent).toBe(0);
    const outcomes = send(entry({ body: "\uFFFF", deduplicationId: "1" }), entry({ deduplicationId: "2" }));
    expect(outcomes.map(({ ok }) => ok)).toEqual([false, true]);
    expect(queue.figures().sent).toBe(1);
  });
});
