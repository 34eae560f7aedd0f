import { NextRequest } from "next/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { config, proxy } from "./proxy.ts";

const ORIGIN = "https://spillway.example.com";

beforeEach(() => vi.stubEnv("PUBLIC_URL", ORIGIN));
afterEach(() => vi.unstubAllEnvs());

const ask = (headers: Record<string, string> = {}, method = "GET") => proxy(new NextRequest(`${ORIGIN}/`, { method, headers }));
/** What the page behind the proxy is asked with. */
const handedOn = (response: Response, name: string) => response.headers.get(`x-middleware-request-${name}`);

describe("a page's request", () => {
  it("gets a nonce that stands in the policy, the page's and the browser's alike", () => {
    const response = ask();
    const nonce = handedOn(response, "x-nonce");
    const policy = response.headers.get("content-security-policy");
    expect(policy).toContain(`script-src 'self' 'nonce-${nonce}';`);
    expect(handedOn(response, "content-security-policy")).toBe(policy);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("strict-transport-security")).toMatch(/^max-age=/);
    expect(handedOn(ask(), "x-nonce")).not.toBe(nonce);
  });

  it("cannot bring a nonce or a policy of its own", () => {
    const response = ask({ "x-nonce": "mine", "content-security-policy": "script-src 'nonce-mine'", "content-security-policy-report-only": "script-src 'nonce-mine'" });
    expect(handedOn(response, "x-nonce")).not.toBe("mine");
    expect(handedOn(response, "content-security-policy")).not.toContain("mine");
    expect(handedOn(response, "content-security-policy-report-only")).toBeNull();
  });
});

describe("where an unsafe request to a page comes from, as a server action's would", () => {
  it.each([
    ["our page", { "sec-fetch-site": "same-origin", origin: ORIGIN }, 200],
    ["nobody says", {}, 403],
    ["another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }, 403],
    ["a forged forwarded host", { origin: "https://evil.example", host: "evil.example", "x-forwarded-host": "evil.example" }, 403],
  ])("%s", (_name, headers, status) => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      expect(ask({ "next-action": "0".repeat(42), ...headers }, method).status).toBe(status);
    }
  });

  it("a foreign name that resolves to this machine reads no page", () => {
    vi.stubEnv("PUBLIC_URL", "http://127.0.0.1:3000");
    const from = (host: string) => proxy(new NextRequest("http://127.0.0.1:3000/", { headers: { host } })).status;
    expect(from("evil.example:3000")).toBe(403);
    expect(from("127.0.0.1:3000")).toBe(200);
  });
});

it("stands in front of all but routes and built files", () => {
  const [matcher = ""] = config.matcher;
  const covered = (path: string) => new RegExp(`^${matcher}$`).test(path);
  for (const path of ["/", "/people", "/apiary", "/api", "/_next/image", "/_next/data/x.json", "/icon.svg", "//people"]) expect(covered(path), path).toBe(true);
  for (const path of ["/api/drain", "/_next/static/chunks/x.js"]) expect(covered(path), path).toBe(false);
});
