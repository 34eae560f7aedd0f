import { describe, expect, it } from "vitest";
import { answerHeaders, makeNonce, pagePolicy, STATIC_HEADERS } from "./security-headers.ts";

const HTTPS = "https://spillway.example.com";
const HTTP = "http://127.0.0.1:3000";

/** The policy's directives by name. */
function directives(policy: string): Map<string, string[]> {
  return new Map(policy.split("; ").map((part) => part.split(" ")).map(([name = "", ...values]) => [name, values]));
}

describe("the page's policy", () => {
  const policy = directives(pagePolicy({ nonce: "bm9uY2U=", publicOrigin: HTTPS, development: false }));

  it("runs our own files and what carries the nonce, nothing written into the page and nothing from elsewhere", () => {
    expect(policy.get("script-src")).toEqual(["'self'", "'nonce-bm9uY2U='"]);
    expect(policy.get("style-src")).toEqual(["'self'", "'nonce-bm9uY2U='"]);
    expect(policy.get("default-src")).toEqual(["'none'"]);
    expect([...policy].filter(([, values]) => values.some((value) => value.includes("unsafe")))).toEqual([["style-src-attr", ["'unsafe-inline'"]]]);
    expect([...policy.values()].flat().filter((value) => /^[a-z*]/.test(value))).toEqual(["data:"]);
  });

  it("lets nobody frame the page, move its base or take its forms", () => {
    expect(policy.get("frame-ancestors")).toEqual(["'none'"]);
    expect(policy.get("base-uri")).toEqual(["'none'"]);
    expect(policy.get("form-action")).toEqual(["'self'"]);
  });

  it("upgrades requests only where the dashboard is on https", () => {
    expect(policy.has("upgrade-insecure-requests")).toBe(true);
    expect(pagePolicy({ nonce: "x", publicOrigin: HTTP, development: false })).not.toContain("upgrade-insecure-requests");
  });

  it("allows eval to the development server alone", () => {
    expect(pagePolicy({ nonce: "x", publicOrigin: HTTP, development: true })).toContain("'unsafe-eval'");
  });
});

it("a nonce is 128 bits, new each time, in a form that Next reads", () => {
  const nonces = Array.from({ length: 100 }, makeNonce);
  expect(new Set(nonces).size).toBe(100);
  for (const nonce of nonces) expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/);
});

it("HSTS is sent where PUBLIC_URL is https, and nothing is kept anywhere", () => {
  expect(answerHeaders(HTTPS)).toEqual({ "Cache-Control": "no-store", "Strict-Transport-Security": "max-age=31536000" });
  expect(answerHeaders(HTTP)).toEqual({ "Cache-Control": "no-store" });
});

it("what is no page may run nothing", () => {
  expect(directives(STATIC_HEADERS["Content-Security-Policy"])).toEqual(
    new Map([
      ["default-src", ["'none'"]],
      ["base-uri", ["'none'"]],
      ["form-action", ["'none'"]],
      ["frame-ancestors", ["'none'"]],
    ]),
  );
});
