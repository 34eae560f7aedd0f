import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeApiKey } from "#infra/testing/api-key.ts";
import { testPeople } from "#infra/testing/people.ts";
import { startStack, type Stack } from "#infra/testing/stack.ts";
import { until } from "#infra/testing/until.ts";
import { readSession } from "#lib/auth/session.ts";
import { roleSchema } from "#lib/contracts/actor.ts";
import { API_KEY_SCOPES, type ApiKeyScope } from "#lib/contracts/api-keys.ts";
import { newApiKey } from "#lib/domain/api-key.ts";
import { createActivityTable, toItem } from "#lib/gateways/activity-table.ts";
import { createApiKeys } from "#lib/gateways/api-keys.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { PUBLIC_API_ROUTES } from "./routes.ts";

/*
 * Who may do what at the public API, tried on the running process: every address with every method, as whoever has no
 * key, a bad one or another's, as the dashboard's people with their cookies, and past what might read an address otherwise.
 */

const ORIGIN = "https://app.example.com";
const USER = "maria";
const AT = "2026-01-31T12:00:00.000Z";
/** Stands in an activity that only whoever may read sees. */
const MARKER = "only-readers-see-this";
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
const BAD_KEYS = ["no key", "an empty key", "garbage", "another scheme", "an unknown key", "a wrong secret", "an expired key", "a revoked key", "a key of another queue"] as const;
const PEOPLE = roleSchema.options;

interface Route {
  path: string;
  methods: readonly string[];
  scope: ApiKeyScope | null;
  keyIn?: "body" | undefined;
}
const ROUTES: readonly Route[] = Object.values<Route>(PUBLIC_API_ROUTES).map(({ path, methods, scope, keyIn }) => ({ path: path.replace("{userId}", USER), methods, scope, keyIn }));
const CLOSED = ROUTES.filter((route): route is Route & { scope: ApiKeyScope } => route.scope !== null);

/** What somebody shows of themselves. The key is an Authorization header, or for a route that wants it there, in the body. */
interface Credentials {
  authorization?: string;
  cookie?: string;
}

let stack: Stack;
let db: Db;
let people: ReturnType<typeof testPeople>;
let child: ChildProcessWithoutNullStreams;
let port: number;
/** Those who must not get in anywhere. */
const strangers = new Map<string, Credentials>();
const keys = {} as Record<ApiKeyScope, string>;

async function makeKeys(): Promise<void> {
  const { queue } = stack.backend;
  for (const scope of API_KEY_SCOPES) keys[scope] = await makeApiKey({ db, queue, scopes: [scope] });
  const [expired, revoked, unknown] = [newApiKey(), newApiKey(), newApiKey()];
  const store = createApiKeys({ db, queue });
  const all = { scopes: API_KEY_SCOPES, createdBy: "test" };
  await store.insert({ id: expired.id, hash: expired.hash, name: "expired", ...all, lifetimeSeconds: 0.001 });
  await store.insert({ id: revoked.id, hash: revoked.hash, name: "revoked", ...all, lifetimeSeconds: null });
  await store.revoke({ id: revoked.id, by: "test" });
  const bad: Record<(typeof BAD_KEYS)[number], string | null> = {
    "no key": null,
    "an empty key": "Bearer ",
    garbage: "Bearer garbage",
    "another scheme": `Basic ${Buffer.from(`${keys.ingest}:${keys.read}`).toString("base64")}`,
    "an unknown key": `Bearer ${unknown.key}`,
    "a wrong secret": `Bearer ${keys.ingest.slice(0, -43)}${unknown.key.slice(-43)}`,
    "an expired key": `Bearer ${expired.key}`,
    "a revoked key": `Bearer ${revoked.key}`,
    "a key of another queue": `Bearer ${await makeApiKey({ db, queue: "others.fifo", scopes: API_KEY_SCOPES })}`,
  };
  for (const [who, authorization] of Object.entries(bad)) strangers.set(who, authorization === null ? {} : { authorization });
}

async function signPeopleIn(): Promise<void> {
  for (const role of PEOPLE) {
    await people.person({ email: `${role}@example.com`, role });
    const headers = await people.signIn(`${role}@example.com`);
    expect(await readSession({ ctx: people.sessions, headers, used: false })).toMatchObject({ actor: { role } });
    const cookie = headers.get("cookie") ?? "";
    const token = decodeURIComponent(cookie.split("=").slice(1).join("="));
    strangers.set(`the cookie of ${role}`, { cookie });
    strangers.set(`the session of ${role} in the key's place`, { cookie, authorization: `Bearer ${token}` });
  }
}

async function startProcess(): Promise<void> {
  child = spawn(process.execPath, ["public-api/main.ts"], { env: { ...stack.env, PUBLIC_API_PORT: "0", PUBLIC_API_CORS_ORIGINS: ORIGIN, NODE_ENV: "test" } });
  const lines: string[] = [];
  createInterface(child.stdout).on("line", (line) => lines.push(line));
  child.stderr.resume();
  const ready = await until(() => lines.find((line) => line.includes('"event":"ready"')), { deadlineMs: 20_000, what: "ready" });
  ({ port } = JSON.parse(ready) as { port: number });
}

beforeAll(async () => {
  stack = await startStack();
  db = openDb({ databaseUrl: stack.backend.databaseUrl, applicationName: "test", poolSize: 2 });
  people = testPeople({ databaseUrl: stack.backend.databaseUrl });
  const activity = { id: "a", userId: USER, type: "t", occurredAt: AT, properties: JSON.stringify({ text: MARKER }) };
  await createActivityTable({ client: stack.clients.dynamodb, table: stack.backend.table }).put(toItem(activity, { acceptedAt: AT, storedAt: AT, sequence: "1", retentionDays: 0 }));
  await makeKeys();
  await signPeopleIn();
  await startProcess();
});
afterAll(async () => {
  child?.kill("SIGKILL");
  await people?.close();
  await db?.$disconnect();
  await stack?.close();
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  code: string;
}

/** Sends what would be taken, were it let in; the address goes out as it is written here. */
async function ask(route: Route, method: string, who: Credentials, given: { path?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  const activity = JSON.stringify({ id: "sent", userId: USER, type: "t", occurredAt: AT });
  const inBody = route.keyIn === "body";
  const body = inBody ? `${JSON.stringify({ key: who.authorization?.replace(/^Bearer /, "") ?? "" })}\n${activity}` : activity;
  const headers = {
    origin: ORIGIN,
    ...(method !== "GET" && { "content-type": inBody ? "text/plain;charset=UTF-8" : "application/json" }),
    ...(who.authorization !== undefined && { authorization: who.authorization }),
    ...(who.cookie !== undefined && { cookie: who.cookie }),
    ...given.headers,
  };
  const sent = request({ host: "127.0.0.1", port, method, path: given.path ?? route.path, headers, agent: false });
  sent.end(method === "GET" ? undefined : body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const answer = await text(response);
  const code = /"code":"(\w+)"/.exec(answer)?.[1] ?? "";
  return { status: response.statusCode ?? 0, headers: response.headers, text: answer, code };
}

async function waiting(): Promise<number> {
  const { Attributes } = await stack.clients.sqs.send(new GetQueueAttributesCommand({ QueueUrl: stack.backend.queueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }));
  return Number(Attributes?.ApproximateNumberOfMessages);
}

const key = (scope: ApiKeyScope): Credentials => ({ authorization: `Bearer ${keys[scope]}` });
const otherScope = (scope: ApiKeyScope): Credentials => key(scope === "read" ? "ingest" : "read");

describe("every address of the public API", () => {
  it.each([...BAD_KEYS, ...PEOPLE.flatMap((role) => [`the cookie of ${role}`, `the session of ${role} in the key's place`])])("with %s: what is open answers, all else asks for a key", async (name) => {
    const who = strangers.get(name);
    if (!who) throw new Error(`nobody is called ${name}`);
    for (const route of ROUTES) {
      for (const method of METHODS) {
        const { status, headers, text: said, code } = await ask(route, method, who);
        const cell = `${method} ${route.path} with ${name}: ${status} ${said.slice(0, 200)}`;
        expect(said, cell).not.toContain(MARKER);
        if (route.methods.includes(method) && route.scope === null) expect(status, cell).toBe(200);
        else if (route.path.startsWith("/v1/")) expect([status, code, headers["www-authenticate"]], cell).toEqual([401, "unauthorized", 'Bearer realm="spillway"']);
        else expect([status, code], cell).toEqual([405, "method_not_allowed"]);
        expect(headers["set-cookie"], cell).toBeUndefined();
      }
    }
    expect(await waiting()).toBe(0);
  });

  it.each(CLOSED)("$path opens to no key of another scope, nor to one beside an admin's cookie", async (route) => {
    for (const who of [otherScope(route.scope), { ...strangers.get("the cookie of admin"), ...otherScope(route.scope) }]) {
      for (const method of METHODS) {
        const { status, text: said, code } = await ask(route, method, who);
        const cell = `${method} ${route.path}: ${status} ${said.slice(0, 200)}`;
        // Whoever has a good key, for whatever it is, may know which methods there are.
        expect([status, code], cell).toEqual(route.methods.includes(method) ? [403, "insufficient_scope"] : [405, "method_not_allowed"]);
        expect(said, cell).not.toContain(MARKER);
      }
    }
    expect(await waiting()).toBe(0);
  });
});

/** Ways that two readers of an address may take for different ones, or that once led past a framework's lock. */
function detours({ path }: Route): { path: string; headers?: Record<string, string> }[] {
  const inner = path.slice(1);
  const subrequest = (name: string) => ({ "x-middleware-subrequest": Array.from({ length: 5 }, () => name).join(":") });
  const paths = [
    `${path}.rsc`,
    `${path}.json`,
    `${path}/`,
    `${path}//`,
    `${path};x=1`,
    `${path}#x`,
    `${path}%00`,
    `${path}%20`,
    `${path}?key=1`,
    `${path}%3fx=1`,
    `/${path}`,
    `//${path}`,
    `/%2f${inner}`,
    `/${encodeURIComponent(inner)}`,
    `/%5c${inner}`,
    `/\\${inner}`,
    `/./${inner}`,
    `/x/..${path}`,
    `/x/..%2f${inner}`,
    `/healthz/..${path}`,
    `/healthz/..%2f${inner}`,
    ...["/v1//", "/v1%2f", "/v1/./", "/v1/docs/../", "/v1/docs/..%2f"].map((start) => path.replace("/v1/", start)),
    path.toUpperCase(),
    path.replace("a", "%61"),
    path.replace("v", "%76"),
    `http://127.0.0.1:${port}${path}`,
    `http://elsewhere.example${path}`,
  ];
  return [
    ...["proxy", "src/proxy", "middleware", "src/middleware", "pages/_middleware"].map((name) => ({ path, headers: subrequest(name) })),
    { path, headers: { "x-middleware-next": "1", "x-middleware-rewrite": path, "x-middleware-skip": "1", "x-invoke-path": path, "x-matched-path": path } },
    { path, headers: { rsc: "1", "next-router-prefetch": "1", purpose: "prefetch" } },
    { path, headers: { "x-http-method-override": "OPTIONS", "x-method-override": "OPTIONS" } },
    { path, headers: { "x-forwarded-for": "127.0.0.1", "x-real-ip": "127.0.0.1", forwarded: "for=127.0.0.1", "x-forwarded-host": "127.0.0.1" } },
    { path: "/v1/docs", headers: { "x-original-url": path, "x-rewrite-url": path, "x-forwarded-prefix": path } },
    ...paths.map((other) => ({ path: other })),
  ];
}

/** What anybody may read at an open address says nothing of a closed one. */
const isOpen = (path: string) => ROUTES.some((route) => route.scope === null && route.path === path);

describe("no detour leads past the key", () => {
  it.each(CLOSED)("of $path", async (route) => {
    const unfit = { ...strangers.get("the cookie of admin"), ...otherScope(route.scope) };
    for (const [name, who] of [...["no key", "a revoked key", "the cookie of admin"].map((one) => [one, strangers.get(one)] as const), ["a key of another scope", unfit] as const]) {
      for (const method of route.methods) {
        for (const way of detours(route)) {
          const { status, text: said } = await ask(route, method, who ?? {}, way);
          const cell = `${method} ${way.path} ${JSON.stringify(way.headers ?? {})} with ${name}: ${status} ${said.slice(0, 200)}`;
          expect(said, cell).not.toContain(MARKER);
          if (isOpen(way.path) && method === "GET") expect(status, cell).toBe(200);
          else expect([400, 401, 403, 404, 405], cell).toContain(status);
        }
      }
    }
    expect(await waiting()).toBe(0);
  });
});

// Last, since it leaves messages: what the tests above look for would be found.
it("whoever has the right key gets in, with a cookie or without", async () => {
  let sent = 0;
  for (const route of CLOSED) {
    for (const who of [key(route.scope), { ...key(route.scope), ...strangers.get("the cookie of support") }]) {
      for (const method of route.methods) {
        const { status, text: said } = await ask(route, method, who);
        expect(status, `${method} ${route.path} ${said.slice(0, 200)}`).toBe(route.scope === "read" ? 200 : 202);
        if (route.scope === "read") expect(said).toContain(MARKER);
        else sent += 1;
      }
    }
  }
  expect(sent).toBeGreaterThan(0);
  // The same activity each time: the queue keeps one of it.
  expect(await waiting()).toBe(1);
});
