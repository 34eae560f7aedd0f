import { describe, expect, test } from "vitest";
import { classifyTableError } from "./activity-table-errors.ts";

const sdk = (name: string, more: object = {}) => Object.assign(new Error("said so"), { name, $metadata: { httpStatusCode: 400 } }, more);

describe("errors of the table", () => {
  test.each([
    ["the table's throughput", sdk("ProvisionedThroughputExceededException", { ThrottlingReasons: [{ reason: "TableWriteProvisionedThroughputExceeded" }] }), { kind: "throttled", scope: "table" }],
    ["one hot key", sdk("ProvisionedThroughputExceededException", { ThrottlingReasons: [{ reason: "TableWriteKeyRangeThroughputExceeded" }] }), { kind: "throttled", scope: "key_range" }],
    ["one hot key, as ThrottlingException spells it", sdk("ThrottlingException", { throttlingReasons: [{ reason: "TableWriteKeyRangeThroughputExceeded" }] }), { kind: "throttled", scope: "key_range" }],
    ["a throttle without a reason", sdk("ThrottlingException"), { kind: "throttled", scope: "table" }],
    ["a bad item", sdk("ValidationException"), { kind: "rejected" }],
    ["missing rights", sdk("AccessDeniedException"), { kind: "unavailable" }],
    ["a missing table", sdk("ResourceNotFoundException"), { kind: "unavailable" }],
    ["an answered 500", sdk("InternalServerError", { $metadata: { httpStatusCode: 500 } }), { kind: "unavailable" }],
    ["nobody listening", Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), { kind: "unavailable" }],
    ["a lost connection", Object.assign(new Error("reset"), { code: "ECONNRESET" }), { kind: "unknown" }],
    ["a cancelled call", Object.assign(new Error("aborted"), { name: "AbortError" }), { kind: "unknown" }],
    ["no answer in time", Object.assign(new Error("slow"), { name: "TimeoutError" }), { kind: "unknown" }],
    ["our own fault", new TypeError("x is not a function"), { kind: "failed" }],
    ["nothing at all", undefined, { kind: "unknown" }],
  ])("%s", (_name, thrown, expected) => {
    expect(classifyTableError(thrown)).toMatchObject(expected);
  });
});
