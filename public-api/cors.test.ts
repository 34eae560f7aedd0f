import { afterEach, describe, expect, it } from "vitest";
import { startPublicApi } from "#infra/testing/public-api.ts";

const SHOP = "https://shop.example";
const BODY = '{"id":"a","userId":"u","type":"t","occurredAt":"2026-01-31T12:00:00Z"}';

let running: Awaited<ReturnType<typeof startPublicApi>> | undefined;
afterEach(async () => {
  await running?.api.stop(0);
  running = undefined;
});

async function start(options: Parameters<typeof startPublicApi>[0] = {}) {
  running = await startPublicApi({ corsOrigins: [SHOP, "http://localhost:8080"], ...options });
  return running;
}

const corsOf = (answer: Response) => Object.fromEntries([...answer.headers].filter(([name]) => name.startsWith("access-control-") || name === "vary"));
const preflight = (url: string, origin: string, path = "/v1/activities") =>
  fetch(url + path, { method: "OPTIONS", headers: { Origin: origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type" } });

describe("a page of a configured origin", () => {
  it("gets its preflight answered without a key, the same for every address", async () => {
    const { url } = await start({ authenticate: () => ({ ok: false, reason: "no_valid_key" }) });
    for (const path of ["/v1/activities", "/v1/nothing", "/healthz"]) {
      const answer = await preflight(url, SHOP, path);
      expect([answer.status, await answer.text()]).toEqual([204, ""]);
      expect(corsOf(answer)).toEqual({
        vary: "Origin",
        "access-control-allow-origin": SHOP,
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": "Authorization, Content-Type, Content-Encoding",
        "access-control-max-age": "7200",
      });
    }
  });

  it.each([
    [202, {}],
    [401, { authenticate: () => ({ ok: false, reason: "no_valid_key" }) as const }],
    [503, { authenticate: () => ({ ok: false, reason: "keys_unknown" }) as const }],
    [429, { maxBytes: 1 }],
    [500, { submit: () => Promise.reject(new Error("x")) }],
  ] as const)("can read the answer %i", async (status, options) => {
    const { post } = await start(options);
    const answer = await post(BODY, { Origin: SHOP });
    expect(answer.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
    expect([answer.status, corsOf(answer)]).toEqual([
      status,
      { vary: "Origin", "access-control-allow-origin": SHOP, "access-control-expose-headers": "Retry-After, RateLimit, RateLimit-Policy" },
    ]);
  });

  it("can read a refusal that came before its body was read", async () => {
    const { post } = await start();
    const answer = await post(" ".repeat(2_000_000), { Origin: SHOP });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([413, SHOP]);
  });
});

describe("another origin", () => {
  it.each(["https://shop.example.evil.example", "https://SHOP.example", "http://shop.example", "https://shop.example:8443", "null", ""])(
    "%j may not read, but what has a key is served",
    async (origin) => {
      const { url, post } = await start();
      const answer = await post(BODY, { Origin: origin });
      expect([answer.status, corsOf(answer)]).toEqual([202, { vary: "Origin" }]);
      expect(answer.headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect([(await preflight(url, origin)).status, corsOf(await preflight(url, origin))]).toEqual([405, { vary: "Origin" }]);
    },
  );

  it("is any where none is configured", async () => {
    const { url, post } = await start({ corsOrigins: [] });
    expect(corsOf(await post(BODY, { Origin: SHOP }))).toEqual({});
    expect((await preflight(url, SHOP)).status).toBe(405);
  });
});

it("lets pages of any origin in, never with their cookies, where * is configured", async () => {
  const { url, post } = await start({ corsOrigins: ["*"] });
  expect(corsOf(await post(BODY, { Origin: "https://anywhere.example" }))).toMatchObject({ "access-control-allow-origin": "*" });
  const answer = await preflight(url, "https://anywhere.example");
  expect(answer.status).toBe(204);
  expect(answer.headers.has("access-control-allow-credentials")).toBe(false);
});

it("has a cache keep apart what a page may read and what it may not, also where * is configured", async () => {
  const { url } = await start({ corsOrigins: ["*"] });
  // Kept for minutes by any cache: without an origin it has no leave in it.
  const answers = await Promise.all([fetch(`${url}/v1/openapi.json`), fetch(`${url}/v1/openapi.json`, { headers: { Origin: "https://anywhere.example" } })]);
  expect(answers.map(({ headers }) => [headers.get("access-control-allow-origin"), headers.get("vary")])).toEqual([
    [null, "Origin"],
    ["*", "Origin"],
  ]);
  expect(answers[0]?.headers.get("cache-control")).toContain("max-age");
});

it("takes an OPTIONS that is no preflight for a method it does not have", async () => {
  const { url } = await start();
  expect((await fetch(`${url}/v1/activities`, { method: "OPTIONS", headers: { Origin: SHOP } })).status).toBe(405);
});
