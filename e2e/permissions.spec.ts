import { randomUUID } from "node:crypto";
import { type APIRequestContext, type APIResponse, expect, request as requests, test } from "@playwright/test";
import type { Client } from "pg";
import { eachOf } from "#e2e/at-once.ts";
import { built, type BuiltEndpoint, builtPages, builtRoutes, NEXTS_OWN, STATIC_ROUTES } from "#e2e/built.ts";
import { openDatabase } from "#e2e/database.ts";
import { fetchData } from "#e2e/data-request.ts";
import { ENDPOINTS, may, type Requirement } from "#lib/auth/permissions.ts";
import { type Role, roleSchema } from "#lib/contracts/actor.ts";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";
import { SESSION_LIMITS } from "#lib/contracts/people.ts";

/*
 * Who may do what, tried on the built server: every page, route and action that the build holds, as everybody who must
 * not and everybody who may, the straight way and past the proxy.
 */

const DEMO_ROLES = roleSchema.options;
/** Whoever has no right to anything. */
const STRANGERS = ["nobody", "garbage", "forged", "expired", "idle", "ended", "disabled"] as const;
type Identity = (typeof STRANGERS)[number] | Role;
/** Requests under way at a time: they have nothing to do with each other. */
const AT_ONCE = 6;

interface Endpoint extends BuiltEndpoint {
  requirement: Requirement;
}

let base: string;
let database: Client;
let cookies: Record<Identity, string>;
/** Everything that the build answers at. */
let endpoints: Endpoint[];
/** Stands in data that only signed-in people may see. */
const marker = `seen-${randomUUID()}`;
const contexts: APIRequestContext[] = [];

async function contextOf(cookie: string): Promise<APIRequestContext> {
  const context = await requests.newContext({
    baseURL: base,
    maxRedirects: 0,
    storageState: { cookies: [], origins: [] },
    extraHTTPHeaders: { origin: base, "sec-fetch-site": "same-origin", ...(cookie !== "" && { cookie }) },
  });
  contexts.push(context);
  return context;
}

async function signIn(role: Role): Promise<string> {
  const context = await contextOf("");
  const answer = await context.post("/api/auth/demo", { data: { role } });
  expect(answer.status(), await answer.text()).toBe(200);
  const set = answer.headersArray().filter(({ name }) => name.toLowerCase() === "set-cookie");
  return set.map(({ value }) => value.split(";")[0]).join("; ");
}

/** The part of a session's cookie by which the database knows it. */
function tokenOf(cookie: string): string {
  const value = decodeURIComponent(cookie.split("=").slice(1).join("="));
  return value.slice(0, value.lastIndexOf("."));
}

async function change(cookie: string, sql: string): Promise<void> {
  const { rowCount } = await database.query(`${sql} WHERE token = $1`, [tokenOf(cookie)]);
  expect(rowCount, sql).toBe(1);
}

test.beforeAll(async ({ baseURL }) => {
  base = baseURL ?? "";
  database = await openDatabase();
  const found: BuiltEndpoint[] = [...(await builtPages()), ...(await builtRoutes(await contextOf("")))];
  endpoints = found.map(({ name, method, path, kind }) => ({ name, method, path, kind, requirement: ENDPOINTS[name] ?? "public" }));

  const [support, operator, admin, expired, idle, ended, disabled] = await Promise.all((["support", "operator", "admin", "admin", "admin", "admin", "admin"] as const).map(signIn));
  cookies = { support, operator, admin, expired, idle, ended, disabled } as Record<Identity, string>;
  const [name = ""] = cookies.admin.split("=");
  cookies.nobody = "";
  cookies.garbage = `${name}=garbage; session=1; __Host-${name}=${encodeURIComponent("x.y")}`;
  // A good token with somebody else's signature, and no signature at all.
  cookies.forged = `${name}=${encodeURIComponent(`${tokenOf(cookies.admin)}.${"A".repeat(43)}=`)}; ${name}.x=${tokenOf(cookies.admin)}`;
  await change(cookies.expired, "UPDATE person_session SET expires_at = now() - interval '1 minute'");
  await change(cookies.idle, "UPDATE person_session SET last_seen_at = now() - interval '13 hours'");
  await change(cookies.ended, "DELETE FROM person_session");
  const { rows } = await database.query<{ id: string }>(
    "INSERT INTO person (email, name, role, demo, created_by, disabled_at) VALUES ($1, 'Disabled', 'admin', false, 'test', now()) RETURNING id",
    [`${randomUUID()}@example.com`],
  );
  await database.query("UPDATE person_session SET person_id = $2 WHERE token = $1", [tokenOf(cookies.disabled), rows[0]?.id]);

  const asAdmin = await contextOf(cookies.admin);
  const { drain } = drainAnswerSchema.parse(await (await asAdmin.get("/api/drain")).json());
  const changed = await asAdmin.post("/api/drain", { data: { rateWcuPerSecond: drain.rateWcuPerSecond, reason: marker, expectedVersion: drain.version } });
  expect(changed.status(), await changed.text()).toBe(200);
});

test.afterAll(async () => {
  await Promise.all(contexts.map((context) => context.dispose()));
  await database.end();
});

test("everything that the build answers at has its row in the table, and every row its endpoint", async () => {
  const names = endpoints.map(({ name }) => name);
  expect(names.toSorted()).toEqual(Object.keys(ENDPOINTS).toSorted());
});

test("the build holds no other way in: no action, no page of the old kind, no rewrite but the one that ends WebSockets", async () => {
  expect(await built("server/server-reference-manifest.json")).toMatchObject({ node: {}, edge: {} });
  const actions = (await built("server/server-reference-manifest.json")) as { node: object; edge: object };
  expect([...Object.keys(actions.node), ...Object.keys(actions.edge)]).toEqual([]);
  expect(Object.keys((await built("server/pages-manifest.json")) as object).filter((page) => !["/404", "/500", "/_app", "/_document", "/_error"].includes(page))).toEqual([]);
  const { rewrites, dynamicRoutes: _ } = (await built("routes-manifest.json")) as { rewrites: { beforeFiles: { has?: { key: string }[] }[]; afterFiles: unknown[]; fallback: unknown[] }; dynamicRoutes: unknown };
  expect(rewrites.beforeFiles.map(({ has }) => has?.map(({ key }) => key))).toEqual([["upgrade"]]);
  expect([...rewrites.afterFiles, ...rewrites.fallback]).toEqual([]);
  const prerendered = Object.keys(((await built("prerender-manifest.json")) as { routes: object }).routes);
  expect(prerendered.filter((route) => !STATIC_ROUTES.has(route) && !NEXTS_OWN.has(route))).toEqual([]);
});

/** Whether the table lets somebody in. */
function admitted(requirement: Requirement, identity: Identity): boolean {
  if (requirement === "public") return true;
  const role = roleSchema.safeParse(identity);
  if (!role.success) return false;
  return requirement === "any_role" || may(role.data, requirement);
}

/** Sends what no route takes for a valid request, so that nothing is done even where it is let in. */
function ask(context: APIRequestContext, { method, path }: { method: string; path: string }, headers: Record<string, string> = {}): Promise<APIResponse> {
  return fetchData(context, `${base}${path}`, { method, headers, ...(method !== "GET" && { data: { "not-a-field": marker } }) });
}

const codeOf = async (answer: APIResponse): Promise<string> => ((await answer.json().catch(() => ({}))) as { code?: string }).code ?? "";
/** Where a page's answer sends its reader, by header or in what it streams. */
const sendsToSignIn = (answer: APIResponse, text: string) => (answer.headers().location ?? "").startsWith("/sign-in") || /NEXT_REDIRECT;[^;]*;\/sign-in/.test(text);

for (const identity of [...STRANGERS, ...DEMO_ROLES]) {
  test(`every endpoint, as ${identity}: what the table says`, async () => {
    const context = await contextOf(cookies[identity]);
    const signedIn = (DEMO_ROLES as readonly string[]).includes(identity);
    await eachOf(endpoints, AT_ONCE, async (endpoint) => {
      const answer = await ask(context, endpoint);
      const text = await answer.text();
      const cell = `${endpoint.name} as ${identity} was answered ${answer.status()} ${text.slice(0, 200)}`;
      expect(answer.headers()["cache-control"], cell).toContain("no-store");
      if (admitted(endpoint.requirement, identity)) {
        if (endpoint.kind === "route") expect(["signed_out", "not_for_your_role", "foreign_origin"], cell).not.toContain(await codeOf(answer));
        else if (endpoint.requirement !== "public") expect([200, 404], cell).toContain(answer.status());
        // 503: what stands behind it is away, as a single sign-on is that nobody has set up.
        expect(answer.status(), cell).not.toBe(500);
        return;
      }
      expect(text, cell).not.toContain(marker);
      if (endpoint.kind === "route") {
        expect([answer.status(), await codeOf(answer)], cell).toEqual(signedIn ? [403, "not_for_your_role"] : [401, "signed_out"]);
      } else if (signedIn) {
        expect(answer.status(), cell).toBe(403);
      } else {
        expect(answer.status(), cell).toBe(307);
        expect(sendsToSignIn(answer, text), cell).toBe(true);
      }
    });
  });
}

/** Where a request says it comes from, all of it elsewhere or nowhere. */
function foreignOrigins(): Record<string, string>[] {
  const sibling = new URL(base);
  sibling.port = String(Number(sibling.port) + 1);
  return [
    {},
    { origin: "null" },
    { origin: "" },
    { origin: "https://elsewhere.example" },
    { origin: "https://elsewhere.example", "x-forwarded-host": "elsewhere.example", "x-forwarded-proto": "https", referer: base },
    { origin: `${base}.elsewhere.example` },
    // Another port of this machine is another page.
    { origin: sibling.origin },
    { origin: sibling.origin, "sec-fetch-site": "same-site" },
    { origin: base, "sec-fetch-site": "same-site" },
    { origin: base, "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "none" },
  ];
}

test("every unsafe request that does not say where it comes from, or comes from elsewhere, is refused, whoever sends it", async () => {
  const unsafe = endpoints.filter(({ method }) => method !== "GET");
  expect(unsafe.length).toBeGreaterThan(25);
  for (const [index, from] of foreignOrigins().entries()) {
    // Nobody's requests meet the same check, which stands before the question who is there.
    for (const cookie of index < 3 ? [cookies.admin, ""] : [cookies.admin]) {
      const context = await requests.newContext({ baseURL: base, maxRedirects: 0, storageState: { cookies: [], origins: [] }, extraHTTPHeaders: { ...from, ...(cookie !== "" && { cookie }) } });
      contexts.push(context);
      await eachOf(unsafe, AT_ONCE, async (endpoint) => {
        const answer = await ask(context, endpoint);
        expect([answer.status(), await codeOf(answer)], `${endpoint.name} from ${JSON.stringify(from)}`).toEqual([403, "foreign_origin"]);
      });
    }
  }
});

test("what a page asks by itself keeps no session from its idle limit; what somebody does keeps it, until it is over", async () => {
  const context = await contextOf(cookies.support);
  const lastSeen = async () => (await database.query<{ at: Date }>("SELECT last_seen_at AS at FROM person_session WHERE token = $1", [tokenOf(cookies.support)])).rows[0]?.at.getTime() ?? 0;
  await change(cookies.support, "UPDATE person_session SET last_seen_at = now() - interval '2 hours'");
  const before = await lastSeen();
  const reads = endpoints.filter(({ kind, method, requirement }) => kind === "route" && method === "GET" && requirement !== "public" && admitted(requirement, "support"));
  expect(reads.length).toBeGreaterThan(5);
  for (const { path, name } of reads) expect((await context.get(path)).status(), name).toBeLessThan(500);
  expect((await context.post("/api/dead-letters/search", { data: { limit: 25 } })).status()).toBe(200);
  expect(await lastSeen()).toBe(before);
  expect((await context.get("/dead-letters")).status()).toBe(200);
  expect(await lastSeen()).toBeGreaterThan(before);

  // Two minutes before the limit it is still theirs; past it, it is nobody's, and nothing brings it back.
  await change(cookies.support, `UPDATE person_session SET last_seen_at = now() - interval '${SESSION_LIMITS.idleHours} hours' + interval '2 minutes'`);
  expect((await context.get("/api/overview")).status()).toBe(200);
  await change(cookies.support, `UPDATE person_session SET last_seen_at = now() - interval '${SESSION_LIMITS.idleHours} hours 1 second'`);
  for (const visit of ["/dead-letters", "/"]) expect((await context.get(visit)).status(), visit).toBe(307);
  expect((await context.get("/api/overview")).status()).toBe(401);
  expect((await context.post("/api/activities/search", { data: { user: "ann" } })).status()).toBe(401);
  cookies.support = await signIn("support");
});

/** What a page's code says it has already: all but what is marked so. A lock in a layout alone is passed by this. */
function stateTree(path: string, mark: "refetch" | "inside-shared-layout" | "metadata-only"): string {
  const page: unknown = ["__PAGE__", {}, null, mark];
  const tree = ["", ...path.split("/").filter((part) => part !== "")].reduceRight((inner, part) => [part, { children: inner }], page);
  return encodeURIComponent(JSON.stringify(tree));
}

/** Ways that once led past a framework's own lock, or that two readers of an address may take for different ones. */
function detours({ path, kind }: Endpoint): { way: string; path: string; headers?: Record<string, string> }[] {
  const repeat = (name: string) => Array.from({ length: 5 }, () => name).join(":");
  const tail = path === "/" ? "" : path;
  const rsc = { rsc: "1" };
  return [
    ...["proxy", "src/proxy", "middleware", "src/middleware", "pages/_middleware"].map((name) => ({ way: `x-middleware-subrequest ${name}`, path, headers: { "x-middleware-subrequest": repeat(name) } })),
    { way: "x-middleware-*", path, headers: { "x-middleware-next": "1", "x-middleware-rewrite": path, "x-middleware-skip": "1", "x-middleware-prefetch": "1", "x-middleware-invoke": "1", "x-invoke-path": path, "x-matched-path": path, "x-now-route-matches": "1=1" } },
    { way: "RSC", path: `${path}?_rsc=1`, headers: rsc },
    { way: "RSC prefetch", path, headers: { ...rsc, "next-router-prefetch": "1" } },
    { way: "RSC full prefetch", path, headers: { ...rsc, "next-router-prefetch": "2" } },
    { way: "RSC segment", path, headers: { ...rsc, "next-router-prefetch": "1", "next-router-segment-prefetch": "/_tree" } },
    ...(["refetch", "inside-shared-layout", "metadata-only"] as const).map((mark) => ({ way: `RSC ${mark}`, path, headers: { ...rsc, "next-router-state-tree": stateTree(path, mark) } })),
    { way: "purpose", path, headers: { purpose: "prefetch", "sec-purpose": "prefetch" } },
    { way: ".rsc", path: path === "/" ? "/index.rsc" : `${path}.rsc`, headers: rsc },
    { way: ".segments", path: `${path === "/" ? "/index" : path}.segments/_tree.segment.rsc`, headers: rsc },
    { way: ".json", path: `/_next/data/build${path === "/" ? "/index" : path}.json`, headers: { "x-nextjs-data": "1" } },
    { way: "//", path: `/${path}` },
    { way: "///", path: `//${path}` },
    { way: "%2f", path: `/${encodeURIComponent(path.slice(1)) || "%2f"}` },
    { way: "%2f first", path: `/%2f${path.slice(1)}` },
    { way: "%5c", path: path.replaceAll(/(?<=.)\//g, "%5c") },
    { way: "%61", path: path.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`) },
    { way: "trailing slash", path: `${tail}/` },
    { way: "dots", path: `/x/..%2f${path.slice(1)}` },
    { way: "semicolon", path: `${path};x=1` },
    { way: "upper case", path: path.toUpperCase() },
    { way: "original url", path: "/nowhere", headers: { "x-original-url": path, "x-rewrite-url": path, "x-forwarded-prefix": path } },
    ...(kind === "route" ? [{ way: "method override", path, headers: { "x-http-method-override": "GET", "x-method-override": "GET" } }] : []),
  ];
}

/** What a page streams to its own code may be 200 and say in its text that it is not to be seen; Next's `{}` says nothing. */
function refused({ kind }: Endpoint, answer: APIResponse, text: string): boolean {
  if (answer.status() >= 300) return true;
  return text === "{}" || (kind === "page" && (answer.headers()["content-type"] ?? "").startsWith("text/x-component"));
}

test("no detour shows anything to whoever is not signed in", async () => {
  test.setTimeout(300_000);
  const nobody = await contextOf("");
  for (const endpoint of endpoints.filter(({ requirement }) => requirement !== "public")) {
    await eachOf(detours(endpoint), AT_ONCE, async ({ way, path, headers }) => {
      const answer = await ask(nobody, { method: endpoint.method, path }, headers);
      const text = await answer.text();
      const cell = `${endpoint.name} by ${way} was answered ${answer.status()} ${answer.headers()["content-type"]} ${text.slice(0, 300)}`;
      expect(text, cell).not.toContain(marker);
      expect(answer.status(), cell).toBeLessThan(500);
      expect(refused(endpoint, answer, text), cell).toBe(true);
    });
  }
});

test("no detour gives a role what is not its own", async () => {
  test.setTimeout(300_000);
  const context = await contextOf(cookies.operator);
  for (const endpoint of endpoints.filter(({ requirement }) => !admitted(requirement, "operator"))) {
    await eachOf(detours(endpoint).filter(({ way }) => way !== "original url"), AT_ONCE, async ({ way, path, headers }) => {
      const answer = await ask(context, { method: endpoint.method, path }, headers);
      const text = await answer.text();
      const cell = `${endpoint.name} by ${way} was answered ${answer.status()} ${text.slice(0, 300)}`;
      expect(text, cell).not.toContain(marker);
      expect(refused(endpoint, answer, text), cell).toBe(true);
    });
  }
});

test("what is looked for would be found: whoever may sees it, in the page and in its data", async () => {
  const admin = await contextOf(cookies.admin);
  for (const headers of [{}, { rsc: "1" }]) {
    const answer = await fetchData(admin, `${base}/`, { headers });
    expect(await answer.text(), `${answer.status()} ${JSON.stringify(answer.headers())}`).toContain(marker);
  }
  expect(await (await admin.get("/api/overview")).text()).toContain(marker);
});

test("one person's page is never another's: each gets their own name, one after the other and at once", async () => {
  const people: { email: string; context: APIRequestContext }[] = [];
  for (const role of DEMO_ROLES) {
    const { rows } = await database.query<{ email: string }>("SELECT p.email FROM person p JOIN person_session s ON s.person_id = p.id WHERE s.token = $1", [tokenOf(cookies[role])]);
    people.push({ email: rows[0]?.email ?? "", context: await contextOf(cookies[role]) });
  }
  const check = async ({ email, context }: (typeof people)[number], headers: Record<string, string>) => {
    const text = await (await fetchData(context, `${base}/`, { headers })).text();
    expect(text).toContain(email);
    for (const other of people) if (other.email !== email) expect(text).not.toContain(other.email);
  };
  for (let round = 0; round < 3; round += 1) {
    for (const person of people) await check(person, {});
    await Promise.all(people.map((person) => check(person, {})));
    await Promise.all(people.map((person) => check(person, { rsc: "1" })));
  }
  const nobody = await contextOf("");
  const text = await (await nobody.get("/sign-in")).text();
  expect(text).not.toContain(marker);
});
