import fc from "fast-check";
import { expect, it } from "vitest";
import { type ActivityInput, activityInputSchema } from "#lib/contracts/activity.ts";
import { parseMessageBody } from "#lib/contracts/message.ts";
import type { OutgoingMessage } from "#lib/gateways/sqs-queue.ts";
import { ingest } from "./ingest.ts";

/** What SQS takes in a body (SendMessage reference). */
const CARRIABLE = /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;
/** Twice an activity's bytes, for quotes within quotes, and the fields around it. */
const MOST_BYTES = 2 * 64 * 1024 + 2_000;

async function send(text: string) {
  const sent: OutgoingMessage[] = [];
  const submit = (messages: readonly OutgoingMessage[]) => {
    sent.push(...messages);
    return Promise.resolve(messages.map(() => ({ status: "accepted", sequenceNumber: "1", outOfOrder: false }) as const));
  };
  const ctx = { batcher: { submit }, now: () => 1_770_000_000_000, makeId: () => "01a202c4-28bf-7216-bd4c-d35ac093283b" };
  return { outcome: await ingest({ ctx, input: { text, deadlineAt: 0 } }), sent };
}

/** The queue holds what JSON says of the activity, and nothing else. */
function expectSame(given: ActivityInput, { body }: OutgoingMessage): void {
  expect(body).toMatch(CARRIABLE);
  expect(Buffer.byteLength(body)).toBeLessThan(MOST_BYTES);
  const parsed = parseMessageBody(body);
  if (parsed.kind !== "activity") throw new Error(`a worker cannot read it: ${parsed.error}`);
  const { id, occurredAt, properties, ...same } = parsed.message.activity;
  const { id: givenId = id, occurredAt: givenAt, properties: givenProperties, ...givenSame } = given;
  expect(same).toEqual(givenSame);
  expect(id).toBe(givenId);
  if (givenAt !== undefined) expect(occurredAt).toBe(new Date(Date.parse(givenAt)).toISOString());
  expect(properties === undefined ? undefined : JSON.parse(properties)).toEqual(givenProperties);
}

const space = fc.constantFrom("", " ", "\r\n\t");
const string = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }).map((text) => JSON.stringify(text)),
  fc.constantFrom('"__proto__"', '"\\u005f_proto__"', '"a"', '"\\u0061"', '"\\ud800"', '"\\u0000"', '"\\\\\\""', '"\uFFFE"', '"constructor"', '""'),
);
const scalar = fc.oneof(string, fc.constantFrom("-0", "1e400", "123456789012345678901234567890", "0.10", "true", "null"));
const { value } = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 4, depthSize: "small" }, scalar, tie("array"), tie("object")),
  array: fc.tuple(space, fc.array(tie("value"), { maxLength: 3 })).map(([gap, items]) => `[${gap}${items.join(`${gap},`)}]`),
  object: fc.tuple(space, fc.array(fc.tuple(string, tie("value")), { maxLength: 3 })).map(([gap, all]) => `{${gap}${all.map(([key, one]) => `${key}${gap}:${one}`).join(",")}}`),
}));
const times = ["2026-01-31T12:00:00Z", "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59.9999Z", "2026-06-30T23:59:60Z", "2026-02-29T00:00:00Z", "+275760-09-13T00:00:00Z", "2026-01-31T12:00:00.0009+14:00"];
const field = fc.oneof(
  fc.tuple(fc.constantFrom("userId", "\\u0075serId", "sessionId", "source", "type"), string).map(([key, one]) => `"${key}":${one}`),
  fc.constantFrom("a", "01a202c4-28bf-7216-bd4c-d35ac093283b", "ffffffff-ffff-7fff-bfff-ffffffffffff", "A#").map((id) => `"id":"${id}"`),
  fc.constantFrom(...times).map((time) => `"occurredAt":"${time}"`),
  value.map((one) => `"properties":${one}`),
);
const activity = fc.tuple(fc.boolean(), fc.array(field, { maxLength: 3 })).map(([usual, fields]) => `{${[...(usual ? ['"userId":"u"', '"type":"t"'] : []), ...fields].join(",")}}`);
const broken = fc
  .tuple(activity, fc.nat(), fc.constantFrom("", '"', "\\", "{", "}", "[", ",", ":", "\0", "\u2028", "\uD83D"), fc.nat({ max: 1 }))
  .map(([text, at, what, cut]) => text.slice(0, at % text.length) + what + text.slice((at % text.length) + cut));
const body = fc.oneof(activity, broken, fc.array(activity, { maxLength: 4 }).map((all) => `[${all.join(",")}]`), value, fc.string({ unit: "binary" }));

it("judges any body without a throw, queues only what it says, and the same again on a retry", async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(body, async (text) => {
      const { outcome, sent } = await send(text);
      if (outcome.kind !== "judged") return;
      const json: unknown = JSON.parse(text);
      const given: unknown[] = Array.isArray(json) ? json : [json];
      expect(outcome.results).toHaveLength(given.length);
      const taken = given.filter((_, position) => outcome.results[position]?.status === "accepted");
      expect(sent).toHaveLength(taken.length);
      for (const [position, message] of sent.entries()) expectSame(activityInputSchema.parse(taken[position]), message);
      accepted += sent.length;
      expect((await send(text)).sent).toEqual(sent);
    }),
    { numRuns: 1_500 },
  );
  expect(accepted).toBeGreaterThan(50);
});

it.each([
  ["nested arrays", "[".repeat(500_000) + "]".repeat(500_000)],
  ["nested properties", `{"properties":${"[".repeat(500_000)}${"]".repeat(500_000)}}`],
  ["quotes behind backslashes", `{"userId":"${'\\"'.repeat(500_000)}"}`],
  ["keys", `{${Array.from({ length: 90_000 }, (_, n) => `"k${n}":1`).join(",")}}`],
  ["empty arrays", `{"userId":"u","type":"t","properties":{"a":[${"[],".repeat(330_000)}1]}}`],
  ["equal keys", `[${`{"userId":"u","properties":{${'"a":1,'.repeat(300)}"a":1}},`.repeat(450)}1]`],
])("judges a megabyte of %s in linear time", async (_, text) => {
  const startedAt = performance.now();
  expect((await send(text)).outcome.kind).toBe("judged");
  // Each takes about 0.1 s; a walk in square time would take minutes.
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
