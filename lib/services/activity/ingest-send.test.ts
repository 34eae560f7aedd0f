import { describe, expect, it } from "vitest";
import { queueSender, sendFailure } from "./ingest-send.ts";

const sdkError = (name: string, status: number) => Object.assign(new Error("said so"), { name, $metadata: { httpStatusCode: status } });

describe("sendFailure", () => {
  it.each([
    ["ECONNREFUSED", Object.assign(new Error("connect"), { code: "ECONNREFUSED" })],
    ["ENOTFOUND", Object.assign(new Error("dns"), { code: "ENOTFOUND" })],
    ["throttled", sdkError("RequestThrottled", 403)],
    ["no credentials", Object.assign(new Error("none"), { name: "CredentialsProviderError" })],
  ])("is not sent, and worth a retry: %s", (_, error) => {
    expect(sendFailure(error)).toMatchObject({ kind: "not_sent", retry: true });
  });

  it.each([sdkError("AccessDenied", 403), sdkError("QueueDoesNotExist", 400)])("is not sent, and not worth a retry: %s", (error) => {
    expect(sendFailure(error)).toMatchObject({ kind: "not_sent", retry: false });
  });

  it.each([
    sdkError("ServiceUnavailable", 503),
    Object.assign(new Error("reset"), { code: "ECONNRESET" }),
    Object.assign(new Error("exceeded"), { name: "TimeoutError" }),
    new SyntaxError("Unexpected end of JSON input"),
    "a string",
    null,
  ])("may be queued: %s", (error) => {
    expect(sendFailure(error)).toMatchObject({ kind: "lost" });
  });
});

describe("queueSender", () => {
  it("never rejects", async () => {
    await expect(queueSender({ sendBatch: () => Promise.reject(new Error("gone")) })([])).resolves.toEqual({
      kind: "lost",
      reason: "no answer from SQS: gone",
    });
  });
});
