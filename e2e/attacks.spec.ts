import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { type APIRequestContext, expect, type PlaywrightWorkerArgs, test } from "@playwright/test";
import { eachOf } from "#e2e/at-once.ts";
import { builtPages, builtRoutes } from "#e2e/built.ts";
import { fetchData, STALE_RETRIES } from "#e2e/data-request.ts";
import { leaks, secrets } from "#e2e/secrets.ts";
import { openStack, type Stack } from "#e2e/stack.ts";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";
import { peopleListSchema, singleSignOnAnswerSchema } from "#lib/contracts/people.ts";
import { PROBLEM_CONTENT_TYPE } from "#lib/contracts/problem.ts";

/*
 * What an attacker sends to the dashboard's server past its pages. Each test names what it shows; that markup runs
 * nowhere is in xss.spec.ts, and who may do what in permissions.spec.ts.
 */

/** The ways in which a page's own code asks for its data, and the page itself. */
const DATA_HEADERS: Record<string, string>[] = [{}, { rsc: "1" }, { rsc: "1", "next-router-prefetch": "1" }, { rsc: "1", "next-router-prefetch": "1", "next-router-segment-prefetch": "/_tree" }];
/** Longest that one answer to a hostile request may take, milliseconds: far over a busy machine's, far under a stuck one's. */
const PATIENCE_MS = 5_000;
/** Requests under way at a time. */
const AT_ONCE = 4;

/** Every page of the build, those for strangers among them, and one that is none. */
const pages = async (): Promise<string[]> => [...(await builtPages()).map(({ path }) => path), "/nowhere"];
const json = (baseURL: string | undefined) => ({ origin: baseURL ?? "", "sec-fetch-site": "same-origin", "content-type": "application/json" });

async function readDrain(request: APIRequestContext) {
  return drainAnswerSchema.parse(await (await request.get("/api/drain")).json()).drain;
}

test("NaN, huge and negative rates are refused by every way to set one", async ({ request, baseURL }) => {
  const before = await readDrain(request);
  const rates = ["NaN", "Infinity", "-Infinity", "1e999", "-1", "-0", "0", "0.5", "1000001", "1e300", '"50"', '"NaN"', "null", "[50]", "{}", "true", "9007199254740993", "-9007199254740993"];
  for (const rate of rates) {
    const bodies: [path: string, body: string][] = [
      ["/api/drain", `{"rateWcuPerSecond":${rate},"expectedVersion":${before.version}}`],
      ["/api/drain/override", `{"rateWcuPerSecond":${rate},"seconds":60,"reason":"x","expectedVersion":${before.version}}`],
    ];
    if (!["0.5", "1000001"].includes(rate)) {
      bodies.push(["/api/drain/override", `{"rateWcuPerSecond":50,"seconds":${rate},"reason":"x","expectedVersion":${before.version}}`]);
      bodies.push(["/api/drain", `{"rateWcuPerSecond":50,"expectedVersion":${rate === "0" || rate === "-0" ? "-1" : rate}}`]);
    }
    for (const [path, body] of bodies) {
      const answer = await request.post(path, { headers: json(baseURL), data: Buffer.from(body) });
      expect([400, 422], `${path} ${body} was answered ${answer.status()}`).toContain(answer.status());
    }
  }
  expect(await readDrain(request)).toMatchObject({ version: before.version, rateWcuPerSecond: before.rateWcuPerSecond });
});

test("ids of another queue or run, or that are none, are refused", async ({ request, baseURL }) => {
  const stranger = randomUUID();
  for (const path of [`/api/dead-letters/${stranger}`, `/api/redrives/${stranger}`]) {
    const answer = await request.get(path);
    expect(answer.status(), path).toBe(404);
    expect(await answer.json()).toMatchObject({ code: "not_found" });
  }
  for (const id of ["1", "..%2f..%2fapi%2fdrain", "%00", `${stranger}'--`, `${stranger}%20OR%201=1`, "{}", "__proto__"]) {
    for (const path of [`/api/dead-letters/${id}`, `/api/redrives/${id}`]) expect((await request.get(path)).status(), path).toBeGreaterThanOrEqual(400);
  }
  const redrive = await request.post("/api/redrives", { headers: json(baseURL), data: { runId: randomUUID(), deathIds: [stranger], reason: "not mine" } });
  expect(redrive.status()).toBe(409);
  expect(await redrive.json()).toMatchObject({ code: "not_redrivable", refused: [{ deathId: stranger, why: "not_found" }] });
  // A cursor is a place in a list, and nothing else: one that was made up leads nowhere.
  for (const cursor of [Buffer.from('{"id":"x"}').toString("base64url"), "' OR 1=1 --", "x".repeat(512)]) {
    const answer = await request.post("/api/dead-letters/search", { headers: json(baseURL), data: { cursor } });
    expect(answer.status(), cursor).toBe(400);
  }
});

test("prototype pollution, deep JSON and filters made to hang do no harm", async ({ request, baseURL }) => {
  const deep = (open: string, close: string, levels: number) => open.repeat(levels) + close.repeat(levels);
  const bodies = [
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    '{"user":"ann","__proto__":{"limit":1000000}}',
    '{"rateWcuPerSecond":50,"expectedVersion":0,"__proto__":{"actor":"admin"}}',
    deep("[", "]", 120_000),
    deep('{"a":', "}", 40_000).replace(":}", ":1}"),
    `{"user":${deep("[", "]", 100_000)}}`,
    `{"user":"${"a".repeat(200)}!"}`,
    `{"user":"${"%_\\\\".repeat(60)}"}`,
    `{"user":"(a+)+$","cursor":"${"A".repeat(500)}!"}`,
    `{"user":"ann","from":"${"1".repeat(200_000)}"}`,
    `{"reason":"${"<".repeat(200_000)}"}`,
    `[${"{},".repeat(60_000)}{}]`,
  ];
  // A single sign-on begins with whatever object comes, and each one counts against the client.
  const routes = (await builtRoutes(request)).filter(({ method, path }) => method !== "GET" && path !== "/api/auth/single-sign-on");
  expect(routes.length).toBeGreaterThan(25);
  for (const { method, path } of routes) {
    await eachOf(bodies, AT_ONCE, async (body) => {
      const startedAt = performance.now();
      const answer = await request.fetch(path, { method, headers: json(baseURL), data: Buffer.from(body), maxRetries: STALE_RETRIES });
      const name = `${method} ${path} ${body.slice(0, 60)}`;
      expect(performance.now() - startedAt, name).toBeLessThan(PATIENCE_MS);
      // A search for a strange user is a search; whatever is no valid request is refused as one.
      expect([200, 400, 404, 413, 422], `${name} was answered ${answer.status()}`).toContain(answer.status());
      if (answer.status() === 200) expect(path).toMatch(/search$/);
    });
  }
  // Nothing of it stayed behind in the server.
  const answer = await request.post("/api/drain", { headers: json(baseURL), data: "{}" });
  expect(await answer.text()).not.toContain("polluted");
  expect((await readDrain(request)) as object).not.toHaveProperty("polluted");
});

/** Names that some page or route reads from its address, and what an attacker writes behind them. */
const PARAMETERS = ["range", "status", "user", "run", "act", "death", "id", "who", "action", "outcome", "from", "to", "before", "cursor", "limit", "next", "problem", "token"];
const HOSTILE_VALUES = ["NaN", "-Infinity", "1e999", "-1", "0x10", "9".repeat(400), "__proto__", "constructor", "\u0000", "\ufffe", "(a+)+$", `${"a".repeat(600)}!`, "%_\\".repeat(60), "[".repeat(300), '{"a":'.repeat(60), "' OR 1=1 --", "${7*7}{{7*7}}", "1".repeat(1_500)];
/** Each name meets each value once. */
const HOSTILE_QUERIES = HOSTILE_VALUES.map((_, turn) => PARAMETERS.map((name, index) => `${name}=${encodeURIComponent(HOSTILE_VALUES[(index + turn) % HOSTILE_VALUES.length] ?? "")}`).join("&"));
const HOSTILE_FORMS = [
  "__proto__[polluted]=true&constructor[prototype][polluted]=true&constructor.prototype.polluted=true&__proto__.polluted=true&__proto__=polluted",
  Array.from({ length: 600 }, (_, index) => `who=${index}`).join("&"),
  "who=%ff&from=%00&%=1&=&&&?&#",
  "range=1h&range=__proto__&range[]=x&range[toString]=x",
];
/** What reads its address meets all of them; the others, and pages, whose code is the same for all, every third. */
const FILTERED = new Set(["/api/audit", "/api/overview/history"]);

test("no page and no filter is moved by a hostile address: NaN, huge, deep, polluting, made to hang", async ({ request }) => {
  const routes = (await builtRoutes(request)).filter(({ method, path }) => method === "GET" && !path.startsWith("/api/auth/"));
  for (const [place, { path, kind }] of [...(await builtPages()), ...routes].entries()) {
    const queries = HOSTILE_QUERIES.filter((_, index) => FILTERED.has(path) || index % 3 === place % 3);
    await eachOf([...queries, ...HOSTILE_FORMS], AT_ONCE, async (query) => {
      const name = `${path}?${query.slice(0, 80)}`;
      const startedAt = performance.now();
      const answer = await request.get(`${path}?${query}`, { maxRedirects: 0, maxRetries: STALE_RETRIES });
      const text = await answer.text();
      expect(performance.now() - startedAt, name).toBeLessThan(PATIENCE_MS);
      expect(kind === "page" ? [200, 307, 404] : [200, 400, 404], `${name} was answered ${answer.status()} ${text.slice(0, 200)}`).toContain(answer.status());
      if (kind === "route") expect(text, name).not.toContain("polluted");
    });
  }
  // What is no value of a filter is told, and not read as something else.
  for (const query of ["from=NaN", `from=${"1".repeat(3_000)}`, `before=${"9".repeat(400)}`, "before=-1", "limit=1e999", "limit=201", `who=${"a".repeat(4_000)}`, "action=__proto__", "outcome=constructor"]) {
    expect((await request.get(`/api/audit?${query}`)).status(), query.slice(0, 60)).toBe(400);
  }
  for (const range of ["__proto__", "constructor", "NaN", "9".repeat(400)]) expect((await request.get(`/api/overview/history?range=${range}`)).status(), range.slice(0, 60)).toBe(400);
  // A pattern is searched for as a text.
  for (const who of ["%_".repeat(160), "\\".repeat(320), "(a+)+$", "%"]) {
    const answer = await request.get(`/api/audit?who=${encodeURIComponent(who)}`);
    expect([answer.status(), ((await answer.json()) as { items: unknown[] }).items], who).toEqual([200, []]);
  }
});

test("an address under /api that is nobody's is a problem like any other, and says the same to everybody", async ({ request, playwright, baseURL }) => {
  const nobody = await playwright.request.newContext({ baseURL: baseURL ?? "", storageState: { cookies: [], origins: [] } });
  for (const path of ["/api", "/api/nowhere", "/api/audit/nowhere", "/api/people/x/y/z", `/api/keys/${randomUUID()}`, "/api/__proto__", "/api/drain%2fpause"]) {
    const texts: string[] = [];
    for (const context of [request, nobody]) {
      const answer = await context.get(path);
      expect([answer.status(), answer.headers()["content-type"], answer.headers()["cache-control"], answer.headers()["x-content-type-options"]], path).toEqual([404, PROBLEM_CONTENT_TYPE, "no-store", "nosniff"]);
      texts.push(await answer.text());
    }
    expect(JSON.parse(texts[0] ?? "")).toMatchObject({ code: "not_found", status: 404 });
    expect(texts[1]).toBe(texts[0]);
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      expect((await nobody.fetch(path, { method, headers: json(baseURL), data: "{}" })).status(), `${method} ${path}`).toBe(404);
      expect((await nobody.fetch(path, { method, data: "{}" })).status(), `${method} ${path}, from nowhere`).toBe(403);
    }
  }
  await nobody.dispose();
});

/** Every address of the public API by each of its methods, as its own description has them. */
async function publicRoutes({ apiUrl }: Stack): Promise<{ path: string; method: string }[]> {
  const { paths } = (await (await fetch(`${apiUrl}/v1/openapi.json`)).json()) as { paths: Record<string, object> };
  const routes = Object.entries(paths).flatMap(([path, operations]) => Object.keys(operations).filter((name) => /^(get|head|post|put|patch|delete)$/.test(name)).map((name) => ({ path, method: name.toUpperCase() })));
  expect(routes.map(({ path }) => path)).toEqual(expect.arrayContaining(["/v1/activities", "/v1/beacon", "/v1/users/{userId}/activities", "/v1/openapi.json", "/healthz"]));
  return routes;
}

interface Canary {
  target: string;
  headers: Record<string, string>;
}

/** Begins single sign-ons whose way back, and whose provider as the answer names it, is the target. */
async function expectNoSingleSignOnReaches({ target, headers, playwright, baseURL }: Canary & { playwright: PlaywrightWorkerArgs["playwright"]; baseURL: string | undefined }): Promise<void> {
  const provider = process.env.E2E_PROVIDER_URL ?? "";
  for (const iss of [target, `${target}/.well-known/openid-configuration`]) {
    const stranger = await playwright.request.newContext({ baseURL: baseURL ?? "", storageState: { cookies: [], origins: [] } });
    let begun = "";
    // Tests beside this one may have used up what a client may begin.
    await expect(async () => {
      const answer = await stranger.post("/api/auth/single-sign-on", { headers: { ...json(baseURL), ...headers }, data: { next: target } });
      expect(answer.status()).toBe(200);
      begun = singleSignOnAnswerSchema.parse(await answer.json()).url;
    }).toPass({ timeout: 60_000 });
    const sent = new URL(begun);
    expect([sent.origin, sent.searchParams.get("redirect_uri")]).toEqual([provider, `${baseURL}/api/auth/callback/oidc`]);
    // Back with the true state, so that it is the issuer which is wrong.
    const back = new URLSearchParams({ state: sent.searchParams.get("state") ?? "", code: randomUUID(), iss, next: target });
    const answer = await stranger.get(`/api/auth/callback/oidc?${back.toString()}`, { headers, maxRedirects: 0 });
    expect([answer.status(), answer.headers().location]).toEqual([302, "/sign-in?problem=single_sign_on_failed"]);
    await stranger.dispose();
  }
}

/** Sends the target to every address of the public API, and in every text of an activity that is taken. */
async function expectNoActivityReaches({ target, headers, query }: Canary & { query: string }): Promise<void> {
  const stack = await openStack();
  try {
    const authorization = `Bearer ${stack.apiKey}`;
    const activity = { id: randomUUID(), userId: target, type: "page.view", occurredAt: "2026-01-31T12:00:00Z", properties: { url: target, image: `${target}/image`, callback: target } };
    for (const { path, method } of await publicRoutes(stack)) {
      const data = path === "/v1/beacon" ? { key: stack.apiKey, activities: [activity] } : [activity];
      const answer = await fetch(`${stack.apiUrl}${path.replace("{userId}", encodeURIComponent(target))}?${query}`, {
        method,
        redirect: "manual",
        headers: { ...headers, origin: target, "content-type": "application/json", "content-location": target, link: `<${target}>; rel=preload`, authorization },
        ...(method === "POST" && { body: JSON.stringify(data) }),
      });
      await answer.body?.cancel();
      expect(answer.status, `${method} ${path}`).toBeLessThan(500);
    }
    const sent = await stack.send([activity]);
    expect(sent.status).toBe(202);
    // The worker has had it in its hands before it is in the table.
    await expect.poll(async () => (await stack.rows()).filter(({ userId }) => userId === target).length, { timeout: 60_000 }).toBeGreaterThan(0);
  } finally {
    stack.close();
  }
}

test("no address that a request names is fetched by the server", async ({ request, playwright, baseURL }) => {
  const reached: string[] = [];
  const canary = createServer((met, response) => {
    reached.push(`${met.method} ${met.url}`);
    response.end("canary");
  }).listen(0, "127.0.0.1");
  await once(canary, "listening");
  const target = `http://127.0.0.1:${(canary.address() as AddressInfo).port}`;
  const { host } = new URL(target);
  const dashboard = new URL(baseURL ?? "");
  try {
    const names = ["url", "next", "redirect", "callback", "callbackURL", "errorCallbackURL", "returnTo", "webhook", "image", "host", "iss", "issuer"];
    const query = names.map((name) => `${name}=${encodeURIComponent(`${target}/${name}`)}`).join("&");
    const fields = Object.fromEntries(names.map((name) => [name, `${target}/${name}`]));
    const headers = { "x-forwarded-host": host, "x-forwarded-proto": "http", "x-forwarded-server": host, forwarded: `host=${host}`, "x-original-url": target, "x-rewrite-url": target, "x-middleware-rewrite": target, "x-nextjs-data": "1", referer: target };
    for (const path of [...(await pages()), "/_next/image", "/sign-in"]) await request.get(`${path}?${query}`, { headers, maxRedirects: 0 });
    // Begun below, as one that is in order: each beginning counts against the client.
    const routes = (await builtRoutes(request)).filter(({ path }) => path !== "/api/auth/single-sign-on");
    expect(routes.length).toBeGreaterThan(35);
    await eachOf([...routes, { name: "POST /", method: "POST", path: "/" }], AT_ONCE, async ({ method, path }) => {
      await request.fetch(`${path}?${query}`, { method, headers: { ...json(baseURL), ...headers }, maxRedirects: 0, maxRetries: STALE_RETRIES, ...(method !== "GET" && { data: fields }) });
    });
    // What is taken for a valid request, with the address in each text of it.
    const taken: [path: string, data: object, status: number][] = [
      ["/api/people", { email: `canary-${randomUUID()}@[127.0.0.1]`, name: target, role: "support" }, 422],
      ["/api/people", { email: `canary-${randomUUID()}@example.com`, name: target, role: "support" }, 201],
      ["/api/keys", { name: target, scopes: ["read"], expiresInDays: 1 }, 201],
      ["/api/dead-letters/search", { user: target }, 200],
      ["/api/activities/search", { user: target }, 200],
      ["/api/redrives", { runId: randomUUID(), deathIds: [randomUUID()], reason: target }, 409],
    ];
    for (const [path, data, status] of taken) expect((await request.post(path, { headers: { ...json(baseURL), ...headers }, data })).status(), path).toBe(status);
    await expectNoSingleSignOnReaches({ target, playwright, baseURL, headers });
    await expectNoActivityReaches({ target, query, headers });
    // The absolute form of a request, plain and as an upgrade, and an answer from elsewhere to a CONNECT.
    const raw = [
      `GET ${target}/absolute HTTP/1.1\r\nHost: ${dashboard.host}\r\nConnection: close\r\n\r\n`,
      `GET ${target}/host HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      `GET ${target}/upgrade HTTP/1.1\r\nHost: ${dashboard.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      `GET //${host}/double HTTP/1.1\r\nHost: ${dashboard.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    ];
    for (const text of raw) {
      const socket = connect(Number(dashboard.port), dashboard.hostname);
      const got: Buffer[] = [];
      socket.on("data", (chunk: Buffer) => got.push(chunk)).on("error", () => undefined);
      await once(socket, "connect");
      socket.write(text);
      // Whatever it does with it, it has done before it answers what was asked later.
      await Promise.race([once(socket, "close"), request.get("/api/drain").then(() => request.get("/nowhere"))]);
      socket.destroy();
      expect(Buffer.concat(got).toString(), text).not.toContain("canary");
    }
    expect(reached).toEqual([]);
    // It would have heard.
    await fetch(`${target}/planted`);
    expect(reached).toEqual(["GET /planted"]);
  } finally {
    canary.closeAllConnections();
    canary.close();
  }
});

/** Every text file under a folder, by path. */
async function textOf(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.(js|css|json|html|txt|map|svg)$/.test(entry.name)).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.map(async (file) => [file, await readFile(file, "utf8")] as const)));
}

/** Everything that the public API says: each address by each method, with and without a key, with and without sense. */
async function publicAnswers(stack: Stack): Promise<{ name: string; text: string }[]> {
  const bodies = ["{", "[]", '[{"id":1}]', '{"key":"sw_live_x_y","activities":[]}'];
  const authorizations = [null, "Bearer sw_live_x_y", `Bearer ${stack.apiKey}`];
  const paths = [...new Set((await publicRoutes(stack)).map(({ path }) => path.replace("{userId}", "nobody"))), "/v1/users/nobody/activities?limit=x", "/v1/nowhere", "/nowhere", "/%ff"];
  const asked = paths.flatMap((path) => ["GET", "HEAD", "POST", "PUT", "OPTIONS"].flatMap((method) => authorizations.flatMap((authorization) => (method === "POST" ? bodies : [null]).map((body) => ({ path, method, authorization, body })))));
  const answers: { name: string; text: string }[] = [];
  await eachOf(asked, AT_ONCE, async ({ path, method, authorization, body }) => {
    const headers = { "content-type": "application/json", ...(authorization !== null && { authorization }) };
    const answer = await fetch(`${stack.apiUrl}${path}`, { method, headers, ...(body !== null && { body }) });
    answers.push({ name: `${method} ${path} ${body ?? ""}: ${answer.status}`, text: `${JSON.stringify([...answer.headers])}\n${await answer.text()}` });
  });
  return answers;
}

test("no secret stands in the bundle, in a page, in what it is drawn from, in an answer, or in an error", async ({ request, playwright, baseURL }) => {
  const { cookies } = await request.storageState();
  const strangers = await playwright.request.newContext({ baseURL: baseURL ?? "", storageState: { cookies: [], origins: [] } });
  const { needles, password, key, link } = await secrets({ admin: request, strangers, origin: baseURL ?? "", cookies: cookies.map(({ value }) => value) });
  await strangers.dispose();
  const files = await textOf(join(".next", "static"));
  expect(files.size).toBeGreaterThan(5);
  for (const [file, text] of files) {
    expect(leaks(text, needles), file).toEqual([]);
    expect(file).not.toMatch(/\.map$/);
    // Names of what only the server knows would mean that its code is in the bundle.
    expect(text, file).not.toMatch(/DATABASE_URL|AUTH_SECRET|AWS_SECRET_ACCESS_KEY|ACTIVITY_DLQ_URL/);
  }
  for (const path of await pages()) {
    for (const headers of DATA_HEADERS) {
      const answer = await fetchData(request, `${baseURL}${path}`, { headers });
      expect(leaks(await answer.text(), needles), `${path} ${JSON.stringify(headers)}`).toEqual([]);
      expect(leaks(JSON.stringify(answer.headers()), needles), path).toEqual([]);
    }
  }
  const { items: people } = peopleListSchema.parse(await (await request.get("/api/people")).json());
  const routes = (await builtRoutes(request)).filter(({ method, path }) => method === "GET" && !path.startsWith("/api/auth/"));
  for (const path of [...routes.map(({ path }) => path), "/api/audit?limit=200", ...people.map(({ id }) => `/api/people/${id}/sessions`)]) {
    const answer = await request.get(path);
    expect([200, 404], path).toContain(answer.status());
    expect(leaks(await answer.text(), needles), path).toEqual([]);
  }
  const errors = await Promise.all([
    request.get("/api/nowhere"),
    request.get("/api/audit?from=x"),
    request.get("/api/people/x/sessions"),
    request.post("/api/people", { headers: json(baseURL), data: { email: "x", role: "root" } }),
    request.post("/api/keys", { headers: json(baseURL), data: { name: "", scopes: ["all"] } }),
    request.post("/api/keys/AAAAAAAAAAAA/revoke", { headers: json(baseURL), data: {} }),
    request.post("/api/auth/sign-in", { headers: json(baseURL), data: { email: 1 } }),
    request.post("/api/auth/link", { headers: json(baseURL), data: { token: "x" } }),
    request.get("/api/dead-letters/x"),
    request.get("/api/overview/history?range=x"),
    request.get("/%ff"),
    request.get("/_next/data/x.json"),
    request.post("/api/drain", { headers: json(baseURL), data: "{" }),
    request.post("/api/drain", { headers: { ...json(baseURL), "content-type": "text/plain" }, data: "x" }),
    request.post("/api/drain", { data: {} }),
    request.post("/api/redrives", { headers: json(baseURL), data: { runId: "x", deathIds: ["\u0000"], reason: "\ud800" } }),
  ]);
  for (const answer of errors) {
    const text = await answer.text();
    expect(answer.status(), answer.url()).toBeGreaterThanOrEqual(400);
    expect(leaks(text, needles), answer.url()).toEqual([]);
    expect(text, answer.url()).not.toMatch(/node_modules|\n\s+at |\.ts:\d+/);
  }
  const stack = await openStack();
  try {
    const answers = await publicAnswers(stack);
    for (const status of [200, 400, 401, 404, 405]) expect(answers.some(({ name }) => name.endsWith(`: ${status}`)), `none was answered ${status}`).toBe(true);
    for (const { name, text } of answers) expect(leaks(text, needles), name).toEqual([]);
    // Planted where an answer repeats it, each is found: in a verdict of the public API, and in a person's name.
    for (const planted of [...password.split(":"), key, link]) {
      const verdicts = await stack.send([{ id: planted }]);
      expect(leaks(JSON.stringify(verdicts.body), needles)).toContain(planted);
    }
  } finally {
    stack.close();
  }
  for (const [index, planted] of [key, link].entries()) {
    const named = await request.post("/api/people", { headers: json(baseURL), data: { email: `planted-${index}-${randomUUID()}@example.com`, name: planted, role: "support" } });
    expect(named.status()).toBe(201);
    expect(leaks(await (await request.get("/api/people")).text(), needles)).toContain(planted);
  }
});

test("nothing that was drawn for one is kept for another, by browsers or by what stands between", async ({ request, baseURL }) => {
  const routes = (await builtRoutes(request)).filter(({ method, path }) => method === "GET" && !path.startsWith("/api/auth/"));
  const asked = [...(await pages()).flatMap((path) => DATA_HEADERS.map((headers) => ({ path, headers }))), ...routes.map(({ path }) => ({ path, headers: {} }))];
  await eachOf(asked, AT_ONCE, async ({ path, headers }) => {
    const answer = await fetchData(request, `${baseURL}${path}`, { headers });
    const kept = answer.headers()["cache-control"] ?? "";
    expect(kept, `${path} ${JSON.stringify(headers)}`).toContain("no-store");
    expect(kept).not.toMatch(/public|s-maxage/);
    expect(answer.headers()).not.toHaveProperty("x-nextjs-cache", "HIT");
  });
});
