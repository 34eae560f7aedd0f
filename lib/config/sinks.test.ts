import { describe, expect, test } from "vitest";
import { sinksConfig } from "./sinks.ts";

const url = "https://hooks.example.com/a";

describe("sinksConfig", () => {
  test("nothing is pushed by default", () => expect(sinksConfig({})).toEqual({ webhook: null, filterTable: "activity-pushes", filterDays: 30 }));

  test("a webhook takes its settings", () =>
    expect(sinksConfig({ WEBHOOK_URL: url, WEBHOOK_SECRET: "0123456789abcdef", WEBHOOK_TIMEOUT_MS: "900", PUSH_FILTER_TABLE: "mine", PUSH_FILTER_DAYS: "0" })).toEqual({
      webhook: { url, secret: "0123456789abcdef", timeoutMs: 900, allowPrivate: false },
      filterTable: "mine",
      filterDays: 0,
    }));

  test.each([
    [{ WEBHOOK_URL: "http://hooks.example.com/" }, "https://"],
    [{ WEBHOOK_URL: "ftp://hooks.example.com/" }, "WEBHOOK_URL is wrong"],
    [{ WEBHOOK_URL: "hooks" }, "WEBHOOK_URL is wrong"],
    [{ WEBHOOK_URL: "https://me:secret@hooks.example.com/" }, "no user or password"],
    [{ WEBHOOK_URL: url, WEBHOOK_SECRET: "short" }, "WEBHOOK_SECRET is wrong"],
    [{ WEBHOOK_URL: url, WEBHOOK_ALLOW_PRIVATE: "maybe" }, "WEBHOOK_ALLOW_PRIVATE is wrong"],
  ])("%j is refused", (env, words) => expect(() => sinksConfig(env)).toThrow(words));

  test("plain http is for private receivers only", () =>
    expect(sinksConfig({ WEBHOOK_URL: "http://127.0.0.1:9/", WEBHOOK_ALLOW_PRIVATE: "true" }).webhook?.allowPrivate).toBe(true));
});
