import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { Session } from "#lib/auth/session.ts";
import { defineRoute } from "./define-route.ts";
import { HttpProblem } from "./http-problem.ts";

const ORIGIN = "https://spillway.example.com";
const context = { params: Promise.resolve({}) };
const post = defineRoute({
permission: "public",
  body: z.strictObject({ rate: z.number().min(1) }),
  output: z.object({ rate: z.number() }),
  call: ({ body }) => Promise.resolve({ rate: body.rate }),
});

function request({ headers = {}, body = '{"rate":5}', method = "POST" }: { headers?: Record<string, string>; body?: string; method?: string } = {}) {
  return new Request(`${ORIGIN}/api/x?limit=2`, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(method !== "GET" && { body }),
  });
}

const sameOrigin = { "sec-fetch-site": "same-origin" };

let logged: string[] = [];
beforeEach(() => {
  logged = [];
  vi.stubEnv("PUBLIC_URL", `${ORIGIN}/`);
  vi.spyOn(process.stderr, "write").mockImplementation((line) => logged.push(String(line)) > 0);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("where a request comes from", () => {
  it.each([
    ["the browser says same-origin", sameOrigin, 200],
    ["the Origin is ours", { origin: ORIGIN }, 200],
    ["both are absent", {}, 403],
    ["another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }, 403],
    ["a sibling subdomain", { "sec-fetch-site": "same-site", origin: "https://other.example.com" }, 403],
    ["a site that says cross-site, whatever its Origin", { "sec-fetch-site": "cross-site", origin: ORIGIN }, 403],
    ["typed by hand", { "sec-fetch-site": "none" }, 403],
    ["a null origin", { origin: "null" }, 403],
    ["our origin as a prefix", { origin: `${ORIGIN}.evil.example` }, 403],
    ["a forged forwarded host", { origin: "https://evil.example", "x-forwarded-host": "evil.example" }, 403],
  ])("%s", async (_name, headers, status) => {
    const answer = await post(request({ headers }), context);
    expect(answer.status).toBe(status);
  });

  it.each([
    ["another name for this machine", "http://127.0.0.1:3000", { ...sameOrigin, origin: "http://localhost:3000", host: "localhost:3000" }, 200],
    ["a tunnel's port", "http://127.0.0.1:3000", { ...sameOrigin, origin: "http://localhost:8080", host: "localhost:8080" }, 200],
    ["a foreign name that resolves here", "http://127.0.0.1:3000", { ...sameOrigin, origin: "http://evil.example:3000", host: "evil.example:3000" }, 403],
    ["the same, its Host rewritten", "http://127.0.0.1:3000", { ...sameOrigin, origin: "http://evil.example:3000", host: "127.0.0.1:3000" }, 403],
    ["loopback in front of a foreign name", "http://127.0.0.1:3000", { ...sameOrigin, origin: "http://127.0.0.1.evil.example:3000" }, 403],
    ["a proxy's Host", `${ORIGIN}/`, { ...sameOrigin, origin: ORIGIN, host: "10.0.0.5:3000" }, 200],
    ["another port of this machine, whose browser says nothing", "http://127.0.0.1:3000", { origin: "http://localhost:8080", host: "127.0.0.1:3000" }, 403],
    ["the same port, whose browser says nothing", "http://127.0.0.1:3000", { origin: "http://localhost:3000", host: "localhost:3000" }, 200],
    ["loopback, where the address is another", `${ORIGIN}/`, { ...sameOrigin, origin: "http://localhost:3000" }, 403],
  ])("tells the page by its name: %s", async (_name, publicUrl, headers, status) => {
    vi.stubEnv("PUBLIC_URL", publicUrl);
    expect((await post(request({ headers }), context)).status).toBe(status);
  });

  it("lets no foreign name read what loopback serves", async () => {
    vi.stubEnv("PUBLIC_URL", "http://127.0.0.1:3000");
    const get = defineRoute({ permission: "public", output: z.object({}), call: () => Promise.resolve({}) });
    expect((await get(request({ method: "GET", headers: { host: "evil.example:3000" } }), context)).status).toBe(403);
    expect((await get(request({ method: "GET", headers: { host: "[::1]:3000" } }), context)).status).toBe(200);
  });

  it("does not call when it refuses", async () => {
    const call = vi.fn(() => Promise.resolve({}));
    await defineRoute({ permission: "public", output: z.object({}), call })(request(), context);
    expect(call).not.toHaveBeenCalled();
  });

  it("has every answer kept nowhere and https kept https, a refusal and a file among them", async () => {
    const file = defineRoute({ permission: "public", output: z.never(), call: () => Promise.resolve(new Response("a,b", { headers: { "content-type": "text/csv", "cache-control": "public" } })) });
    const answers = await Promise.all([post(request({ headers: sameOrigin }), context), post(request(), context), file(request({ method: "GET" }), context)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 403, 200]);
    for (const { headers } of answers) expect([headers.get("cache-control"), headers.get("strict-transport-security")]).toEqual(["no-store", "max-age=31536000"]);
  });

  it("lets reads through", async () => {
    const get = defineRoute({ permission: "public", query: z.object({ limit: z.coerce.number() }), output: z.object({ limit: z.number() }), call: ({ query }) => Promise.resolve(query) });
    const answer = await get(request({ method: "GET" }), context);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.json()).toEqual({ limit: 2 });
  });
});

describe("who asks", () => {
  const session: Session = { id: "s", demo: false, actor: { id: "p", name: "Ada", email: "ada@example.com", role: "operator" } };
  const call = vi.fn(({ allowed }: { allowed: { actor: { name: string } } }) => Promise.resolve({ by: allowed.actor.name }));
  const ask = (sessionOf: () => Promise<Session | null>, permission: "drain:write" | "people:manage") =>
    defineRoute({ permission, body: z.strictObject({ rate: z.number() }), output: z.object({ by: z.string() }), call }, { sessionOf })(request({ headers: sameOrigin, body: "rubbish" }), context);
  beforeEach(() => {
    call.mockClear();
  });

  it("refuses nobody in particular, before it looks at what was sent", async () => {
    const answer = await ask(() => Promise.resolve(null), "drain:write");
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: "signed_out" });
    expect(call).not.toHaveBeenCalled();
  });

  it("refuses who may not, before it looks at what was sent", async () => {
    const answer = await ask(() => Promise.resolve(session), "people:manage");
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: "not_for_your_role" });
    expect(call).not.toHaveBeenCalled();
  });

  it.each([
    ["signed out", null, 401],
    ["demoted", { ...session, actor: { ...session.actor, role: "support" as const } }, 403],
  ])("refuses who is %s while their body comes, however slowly they send it", async (_name, then, status) => {
    let now: Session | null = session;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        now = then;
        controller.enqueue(new TextEncoder().encode('{"rate":5}'));
        controller.close();
      },
    }, { highWaterMark: 0 });
    const slow = new Request(`${ORIGIN}/api/x`, { method: "POST", headers: { "content-type": "application/json", ...sameOrigin }, body, duplex: "half" } as RequestInit);
    const route = defineRoute({ permission: "drain:write", body: z.strictObject({ rate: z.number() }), output: z.object({ by: z.string() }), call }, { sessionOf: () => Promise.resolve(now) });
    expect((await route(slow, context)).status).toBe(status);
    expect(call).not.toHaveBeenCalled();
  });

  it("hands on who may, with the proof", async () => {
    const route = defineRoute({ permission: "drain:write", output: z.object({ by: z.string(), permission: z.string() }), call: ({ allowed }) => Promise.resolve({ by: allowed.actor.name, permission: allowed.permission }) }, { sessionOf: () => Promise.resolve(session) });
    expect(await (await route(request({ headers: sameOrigin }), context)).json()).toEqual({ by: "Ada", permission: "drain:write" });
  });

  it("does not take a database that does not answer for a stranger", async () => {
    const away = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    expect((await ask(() => Promise.reject(away), "drain:write")).status).toBe(503);
  });

  it("tells what a page sends by itself from what somebody does, whatever its method", async () => {
    const sessionOf = vi.fn((_request: Request, _options: { polled: boolean }) => Promise.resolve<Session | null>(session));
    for (const polled of [true, false]) {
      const route = defineRoute({ permission: "drain:write", ...(polled && { polled }), output: z.object({}), call: () => Promise.resolve({}) }, { sessionOf });
      expect((await route(request({ headers: sameOrigin }), context)).status).toBe(200);
    }
    expect(sessionOf.mock.calls.map(([, options]) => options)).toEqual([{ polled: true }, { polled: false }]);
  });

  it("asks nobody where it is public", async () => {
    const sessionOf = vi.fn(() => Promise.resolve(null));
    const route = defineRoute({ permission: "public", output: z.object({}), call: () => Promise.resolve({}) }, { sessionOf });
    expect((await route(request({ headers: sameOrigin }), context)).status).toBe(200);
    expect(sessionOf).not.toHaveBeenCalled();
  });
});

describe("input", () => {
  it.each([
    ["a wrong value", '{"rate":-1}', 422, "invalid_body"],
    ["an unknown member", '{"rate":1,"x":2}', 422, "invalid_body"],
    ["a huge number", '{"rate":1e999}', 422, "invalid_body"],
    ["no JSON", '{"rate":', 400, "malformed_json"],
    ["too large", JSON.stringify({ rate: "x".repeat(300_000) }), 413, "body_too_large"],
  ])("%s", async (_name, body, status, code) => {
    const answer = await post(request({ headers: sameOrigin, body }), context);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer.json()).toMatchObject({ status, code });
  });

  it("names the field", async () => {
    const answer = await post(request({ headers: sameOrigin, body: '{"rate":"x"}' }), context);
    expect(await answer.json()).toMatchObject({ errors: [{ field: "rate" }] });
  });

  it("takes JSON only", async () => {
    const answer = await post(request({ headers: { ...sameOrigin, "content-type": "text/plain" } }), context);
    expect(answer.status).toBe(415);
  });
});

describe("failures", () => {
  function failing(error: Error) {
    async function call(): Promise<Record<string, never>> {
      throw error;
    }
    return defineRoute({ permission: "public", output: z.object({}), call })(request({ headers: sameOrigin }), context);
  }

  it("answers a problem of the route with its extensions", async () => {
    const answer = await failing(new HttpProblem({ status: 409, code: "conflict", title: "Changed", extensions: { current: 7 } }));
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({ code: "conflict", current: 7 });
  });

  it("says when to come again, for people and for programs", async () => {
    const answer = await failing(new HttpProblem({ status: 503, code: "busy", title: "Busy", retryInSeconds: 2 }));
    expect(answer.headers.get("retry-after")).toBe("2");
    expect(await answer.json()).toMatchObject({ code: "busy", retryInSeconds: 2 });
  });

  it("keeps an unknown error's text to the log", async () => {
    const answer = await failing(new Error("password=hunter2"));
    const text = await answer.text();
    expect(answer.status).toBe(500);
    expect(text).not.toContain("hunter2");
    expect(logged.join("")).toContain("hunter2");
  });

  it("says so when a backend is away", async () => {
    const answer = await failing(new Error("query failed", { cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }) }));
    expect(answer.status).toBe(503);
  });

  it("does not answer what breaks the contract", async () => {
    const route = defineRoute({ permission: "public", output: z.object({ rate: z.number() }), call: () => Promise.resolve({ rate: "5" } as unknown as { rate: number }) });
    expect((await route(request({ headers: sameOrigin }), context)).status).toBe(500);
  });
});
