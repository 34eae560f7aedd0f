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

it.each([
  Object.assign(new Error("User: arn:aws:iam::123456789012:role/ingest is not authorized"), { name: "AccessDenied", $metadata: { httpStatusCode: 403 } }),
  Object.assign(new Error("connect ECONNREFUSED 10.1.2.3:443"), { code: "ECONNREFUSED" }),
  Object.assign(new Error("read ECONNRESET 10.1.2.3:443"), { code: "ECONNRESET" }),
  Object.assign(new Error("/home/app/.aws/credentials 10.1.2.3"), { name: "CredentialsProviderError" }),
])("keeps AWS's words out of what producers read: %s", (error) => {
  const outcome = sendFailure(error);
  if (outcome.kind === "answered") throw new Error("it was not answered");
  expect(outcome.reason).not.toMatch(/arn:|10\.1|\/home|\d{12}/);
  expect(outcome.detail).toContain(error.message);
});

describe("queueSender", () => {
  it("never rejects", async () => {
    await expect(queueSender({ sendBatch: () => Promise.reject(new Error("gone")) })([])).resolves.toEqual({
      kind: "lost",
      reason: "the queue did not answer",
      detail: "Error: gone",
    });
  });
});
