import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { gzipSync } from "node:zlib";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOpenApiChecker } from "#infra/testing/openapi-checker.ts";
import { localClientOptions } from "#infra/start/provision.ts";
import { startStack, type Stack } from "#infra/testing/stack.ts";
import { until } from "#infra/testing/until.ts";
import type { ApiKeyScope } from "#lib/contracts/api-keys.ts";
import { ACTIVITY_LIMITS } from "#lib/contracts/activity.ts";
import { newApiKey } from "#lib/domain/api-key.ts";
import { createActivityTable, toItem } from "#lib/gateways/activity-table.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createReadShares } from "#lib/gateways/read-shares.ts";
import { createSqsQueue } from "#lib/gateways/sqs-queue.ts";
import { createBatcher } from "#lib/services/activity/ingest-batcher.ts";
import { queueSender } from "#lib/services/activity/ingest-send.ts";
import { createReadBudget } from "#lib/services/activity/read-budget.ts";
import { createKeyRing } from "#lib/services/api-keys/key-ring.ts";
import { createAdmission } from "./admission.ts";
import { createKeyRate } from "./key-rate.ts";
import type { OpenApiDocument } from "./openapi/model.ts";
import { createPublicApi } from "./server.ts";

const ORIGIN = "https://shop.example";
const AT = "2026-01-31T12:00:00.000Z";
const clock = {
  now: () => performance.now(),
  after: (delayMs: number, action: () => void) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};
const made = (scopes: ApiKeyScope[]) => ({ ...newApiKey(), scopes });
const KEYS = { ingest: made(["ingest"]), read: made(["read"]) };

let stack: Stack;
let db: Db;
const releasers: (() => Promise<unknown> | void)[] = [];

interface Faults {
  queueAway?: boolean;
  tableAway?: boolean;
  keysAway?: boolean;
  maxRequests?: number;
  slowMs?: number;
  stopSlowMs?: number;
  readsPerSecond?: number;
  readShare?: number;
  fails?: boolean;
  overCap?: boolean;
}

/** The public API with its real parts, over the stand-ins; a fault puts a place that nobody listens at in a backend's stead. */
async function startApi({ queueAway = false, tableAway = false, keysAway = false, maxRequests = 100, slowMs = 2_000, stopSlowMs = 5_000, readsPerSecond = 1_000, readShare = 0.5, fails = false, overCap = false }: Faults = {}) {
  const nowhere = "http://127.0.0.1:1";
  const sqs = queueAway ? new SQSClient({ ...localClientOptions(nowhere), maxAttempts: 1 }) : stack.clients.sqs;
  const table = createActivityTable({ client: stack.clients.dynamodb, table: stack.backend.table });
  const away = new DynamoDBClient({ ...localClientOptions(nowhere), maxAttempts: 1 });
  const budget = createReadBudget({
    shares: createReadShares({ db, queue: crypto.randomUUID(), budget: "open-api" }),
    provisioned: async () => (await table.describe()).readUnits,
    share: readShare,
    holder: crypto.randomUUID(),
    clock,
    report: () => undefined,
  });
  const rows = Object.values(KEYS).map(({ id, hash, scopes }) => ({ id, hash, scopes, expiresInMs: null }));
  const ring = createKeyRing({
    keys: { active: () => (keysAway ? Promise.reject(new Error("away")) : Promise.resolve(rows)), markUsed: () => Promise.resolve() },
    clock,
    maxAgeMs: 60_000,
    report: () => undefined,
  });
  await ring.start();
  const api = createPublicApi({
    ctx: {
      batcher: fails ? { submit: () => Promise.reject(new Error("a fault of ours")) } : createBatcher({ send: queueSender(createSqsQueue({ client: sqs, queueUrl: stack.backend.queueUrl })), clock: { ...clock, now: Date.now }, random: Math.random }),
      ...(overCap && { progress: { admit: () => ({ retryAfterSeconds: 7 }), ended: () => undefined } }),
      now: Date.now,
      deadlineMs: 300,
      admission: createAdmission({ maxRequests, maxBytes: 10_000_000, slowMs }),
      count: () => undefined,
    },
    reads: { table: tableAway ? createActivityTable({ client: away, table: stack.backend.table }) : table, budget, now: Date.now, report: () => undefined, keyRate: createKeyRate({ perSecond: readsPerSecond }) },
    authenticate: ring.authenticate,
    corsOrigins: [ORIGIN],
    slowMs: stopSlowMs,
    log: () => undefined,
  });
  await once(api.server.listen(0, "127.0.0.1"), "listening");
  const { port } = api.server.address() as AddressInfo;
  await budget.start(`127.0.0.1:${port}`);
  releasers.push(async () => {
    await api.stop(0);
    await Promise.all([budget.stop(), ring.stop()]);
    away.destroy();
    if (queueAway) sqs.destroy();
  });
  return { port, url: `http://127.0.0.1:${port}`, stop: (graceMs: number) => api.stop(graceMs) };
}

type Api = Awaited<ReturnType<typeof startApi>>;
let api: Api;
let description: OpenApiDocument;
let checker: ReturnType<typeof createOpenApiChecker>;
/** What was seen, as `METHOD path status code`. */
const seen = new Set<string>();

beforeAll(async () => {
  stack = await startStack();
  db = openDb({ databaseUrl: stack.backend.databaseUrl, applicationName: "test", poolSize: 2 });
  api = await startApi();
  description = (await (await fetch(`${api.url}/v1/openapi.json`)).json()) as OpenApiDocument;
  checker = createOpenApiChecker(description);
  const delivery = { acceptedAt: AT, storedAt: AT, sequence: "1", retentionDays: 90 };
  const table = createActivityTable({ client: stack.clients.dynamodb, table: stack.backend.table });
  await table.putBatch(["a", "b"].map((id) => toItem({ id, userId: "maria", type: "t", occurredAt: AT, sessionId: "s", source: "w", properties: '{"n":1e400}' }, delivery)));
  // No activity of ours.
  await table.put(toItem({ id: "a", userId: "broken", type: "t", occurredAt: AT, properties: "[1]" }, delivery));
});
afterAll(async () => {
  for (const release of releasers.toReversed()) await release();
  await db.$disconnect();
  await stack.close();
});

function saw(method: string, path: string, { status, headers, body }: { status: number; headers: Headers; body: string }): void {
  const code = headers.get("content-type") === "application/problem+json" ? ` ${(JSON.parse(body) as { code: string }).code}` : "";
  seen.add(`${method} ${path.replace(/\/users\/[^/]+\//, "/users/{userId}/")} ${status}${code}`);
}

/** Asks, and holds the answer against the description that the API itself serves. */
async function ask(from: Api, method: string, path: string, { key = "ingest", ...init }: RequestInit & { key?: keyof typeof KEYS | null } = {}) {
  const headers = new Headers(init.headers);
  if (key !== null) headers.set("Authorization", `Bearer ${KEYS[key].key}`);
  const response = await fetch(`${from.url}${path}`, { ...init, method, headers });
  const body = await response.text();
  const [address = ""] = path.split("?");
  expect(checker.check({ method, path: address, status: response.status, headers: response.headers, body })).toEqual([]);
  saw(method, address, { status: response.status, headers: response.headers, body });
  return { status: response.status, body, headers: response.headers };
}

const JSON_TYPE = { "Content-Type": "application/json" };
const GOOD = { id: "a", userId: "u", type: "t", occurredAt: AT };
const post = (from: Api, body: unknown, more: Parameters<typeof ask>[3] = {}) => ask(from, "POST", "/v1/activities", { headers: JSON_TYPE, body: typeof body === "string" ? body : JSON.stringify(body), ...more });
const beacon = (from: Api, lines: readonly unknown[], headers: Record<string, string> = {}) =>
  ask(from, "POST", "/v1/beacon", { key: null, headers: { "Content-Type": "text/plain", Origin: ORIGIN, ...headers }, body: lines.map((line) => JSON.stringify(line)).join("\n") });
const read = (from: Api, query = "", user = "maria") => ask(from, "GET", `/v1/users/${user}/activities${query}`, { key: "read" });

/** A connection that may end its own half and still read. */
const rawSocket = ({ port }: Api) => connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => undefined);

/** Begins a request whose body does not come. */
function rawPost(to: Api, path: string, more = "") {
  const socket = rawSocket(to);
  const type = path === "/v1/beacon" ? "text/plain" : "application/json";
  socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEYS.ingest.key}\r\nOrigin: ${ORIGIN}\r\nContent-Type: ${type}\r\nContent-Length: 1000\r\n${more}\r\n[`);
  return socket;
}

/** Holds places of the API by requests whose bodies do not come. */
function holdPlaces(to: Api, count: number) {
  const sockets = Array.from({ length: count }, () => rawPost(to, "/v1/activities"));
  return { sockets, release: () => sockets.forEach((socket) => socket.destroy()) };
}

/** All that comes until the other side ends. */
async function rest(socket: ReturnType<typeof connect>): Promise<string> {
  let text = "";
  for await (const part of socket) text += String(part);
  return text;
}

/** What comes back raw, as `fetch` would not let it be sent or seen. */
function parsed(raw: string) {
  const [head = "", body = ""] = raw.split("\r\n\r\n");
  const [line = "", ...fields] = head.split("\r\n");
  return { status: Number(line.split(" ")[1]), headers: new Headers(fields.map((field): [string, string] => [field.slice(0, field.indexOf(":")), field.slice(field.indexOf(":") + 2)])), body: body.replace(/^[0-9a-f]+\r\n|\r\n0\r\n$/g, "") };
}

/** Holds a raw answer against the description, as `ask` does. */
function note(method: string, path: string, raw: string): number {
  const { status, headers, body } = parsed(raw);
  expect(checker.check({ method, path, status, headers, body })).toEqual([]);
  saw(method, path, { status, headers, body });
  return status;
}

describe("what the API answers is what it says it answers", () => {
  it("to activities", async () => {
    for (const body of [GOOD, [GOOD, { ...GOOD, id: "b" }]]) expect((await post(api, body)).status).toBe(202);
    expect((await post(api, `${JSON.stringify(GOOD)}\n`, { headers: { "Content-Type": "application/x-ndjson" } })).status).toBe(202);
    expect((await post(api, "", { headers: { ...JSON_TYPE, "Content-Encoding": "gzip" }, body: gzipSync(JSON.stringify(GOOD)) })).status).toBe(202);
    expect((await post(api, [GOOD, { ...GOOD, userId: "" }, 5])).status).toBe(207);
    expect((await post(api, "{")).status).toBe(400);
    expect((await post(api, "", { body: new Uint8Array([0x22, 0xff, 0x22]) })).status).toBe(400);
    expect((await post(api, "no gzip", { headers: { ...JSON_TYPE, "Content-Encoding": "gzip" } })).status).toBe(400);
    expect((await post(api, GOOD, { key: null })).status).toBe(401);
    expect((await post(api, GOOD, { key: "read" })).status).toBe(403);
    expect((await post(api, " ".repeat(ACTIVITY_LIMITS.requestBytes + 1))).status).toBe(413);
    expect((await post(api, Array.from({ length: ACTIVITY_LIMITS.activitiesPerRequest + 1 }, () => GOOD))).status).toBe(413);
    expect((await post(api, GOOD, { headers: { "Content-Type": "text/csv" } })).status).toBe(415);
    expect((await post(api, GOOD, { headers: { ...JSON_TYPE, "Content-Encoding": "br" } })).status).toBe(415);
    expect((await post(api, [])).status).toBe(422);
    expect((await post(api, [{ a: 1 }, {}])).status).toBe(422);
  });

  it("to a page that goes", async () => {
    const key = { key: KEYS.ingest.key };
    expect((await beacon(api, [key, GOOD])).status).toBe(202);
    expect((await beacon(api, [key, GOOD, {}])).status).toBe(207);
    expect((await beacon(api, [{ key: "x" }, GOOD])).status).toBe(401);
    expect((await beacon(api, [{ key: KEYS.read.key }, GOOD])).status).toBe(403);
    expect((await beacon(api, [key, GOOD], { "Content-Type": "application/json" })).status).toBe(415);
    expect((await beacon(api, [key, GOOD], { "Content-Encoding": "gzip" })).status).toBe(415);
    expect((await beacon(api, [key, "x".repeat(70_000)])).status).toBe(413);
    expect((await beacon(api, [key])).status).toBe(422);
    expect((await ask(api, "POST", "/v1/beacon", { key: null, headers: { "Content-Type": "text/plain", Origin: ORIGIN }, body: new Uint8Array([0xff]) })).status).toBe(400);
  });

  it("to readers", async () => {
    const first = await until(async () => read(api, "?limit=1&type=t&order=oldest").then((answer) => (answer.status === 200 ? answer : null)), { deadlineMs: 5_000 });
    expect(first.body).toContain('"properties":{"n":1e400}');
    expect((await until(async () => read(api, "", "%F0%9F%98%80").then((answer) => (answer.status === 200 ? answer : null)), { deadlineMs: 5_000 })).body).toContain('"activities":[]');
    await until(async () => (await read(api, "", "broken")).status === 500, { deadlineMs: 5_000 });
    expect((await read(api, "", "broken")).body).not.toContain("same ids");
    expect((await read(api, "?limit=0&x=1")).status).toBe(400);
    expect((await read(api, "?cursor=abc")).status).toBe(400);
    expect((await read(api, "", "%ff")).status).toBe(400);
    expect((await ask(api, "GET", "/v1/users/u/activities", { key: null })).status).toBe(401);
    expect((await ask(api, "GET", "/v1/users/u/activities", { key: "ingest" })).status).toBe(403);
    const once = await startApi({ readsPerSecond: 1 });
    await read(once, "?limit=0");
    expect((await read(once, "?limit=0")).status).toBe(429);
    // The least share: nothing is in the bucket when the first ask.
    expect((await read(await startApi({ readShare: 0.01 }))).body).toContain("reads_over_capacity");
    const tableless = await startApi({ tableAway: true });
    await until(async () => (await read(tableless)).status === 503, { deadlineMs: 5_000 });
  });

  it("to whoever asks for its description, its reference or its health", async () => {
    for (const path of ["/v1/openapi.json", "/v1/docs"]) {
      const { headers, body } = await ask(api, "GET", path, { key: null });
      expect(headers.get("cache-control")).toBe("public, max-age=300");
      expect(body.length).toBeGreaterThan(5_000);
      expect((await ask(api, "GET", path, { key: null, headers: { "If-None-Match": `"other", W/${headers.get("etag")}` } })).status).toBe(304);
      expect((await ask(api, "HEAD", path, { key: null })).body).toBe("");
      expect((await ask(api, "HEAD", path, { key: null, headers: { "If-None-Match": "*" } })).status).toBe(304);
    }
    expect((await ask(api, "GET", "/v1/docs", { key: null })).headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; /);
    for (const method of ["GET", "HEAD"]) expect((await ask(api, method, "/healthz", { key: null })).status).toBe(200);
  });

  it("to what it does not serve", async () => {
    expect((await ask(api, "GET", "/v1/nothing")).status).toBe(404);
    expect((await ask(api, "GET", "/", { key: null })).status).toBe(404);
    expect((await ask(api, "GET", "/v1/activities")).status).toBe(405);
    expect((await ask(api, "DELETE", "/v1/users/u/activities")).status).toBe(405);
    expect((await ask(api, "POST", "/v1/docs")).status).toBe(405);
    expect((await ask(api, "DELETE", "/healthz", { key: null })).status).toBe(405);
  });

  it("while a backend is away, too much is in work, or it fails", async () => {
    const queueless = await startApi({ queueAway: true });
    expect((await post(queueless, GOOD)).status).toBe(503);
    expect((await beacon(queueless, [{ key: KEYS.ingest.key }, GOOD])).status).toBe(503);
    const keyless = await startApi({ keysAway: true });
    expect((await post(keyless, GOOD)).body).toContain("keys_unavailable");
    expect((await read(keyless)).body).toContain("keys_unavailable");
    const failing = await startApi({ fails: true });
    expect((await post(failing, GOOD)).status).toBe(500);
    expect((await beacon(failing, [{ key: KEYS.ingest.key }, GOOD])).status).toBe(500);
    const capped = await startApi({ overCap: true });
    expect((await post(capped, [GOOD, {}])).body).toContain("user_over_cap");
    expect((await beacon(capped, [{ key: KEYS.ingest.key }, GOOD])).body).toContain("user_over_cap");
    const full = await startApi({ maxRequests: 1 });
    const held = holdPlaces(full, 1);
    await until(async () => (await post(full, GOOD)).status === 429, { deadlineMs: 5_000 });
    expect((await read(full)).body).toContain("overloaded");
    expect((await beacon(full, [{ key: KEYS.ingest.key }, GOOD])).status).toBe(429);
    held.release();
  });

  it("to a body that comes too slowly", async () => {
    const slow = await startApi({ maxRequests: 1, slowMs: 0 });
    const held = holdPlaces(slow, 1);
    const told = once(held.sockets[0] as ReturnType<typeof connect>, "data") as Promise<[Buffer]>;
    await until(async () => (await post(slow, GOOD)).status === 202 && held.sockets[0]?.bytesRead, { deadlineMs: 5_000 });
    expect(note("POST", "/v1/activities", String((await told)[0]))).toBe(408);
    held.release();
  });

  it("to a sender that ends its half before its body has come", async () => {
    for (const path of ["/v1/activities", "/v1/beacon"]) {
      const socket = rawPost(api, path);
      socket.end();
      expect(note("POST", path, await rest(socket))).toBe(400);
    }
  });

  it("while it stops", async () => {
    const stopping = await startApi({ stopSlowMs: 0 });
    const dribbling = rawPost(stopping, "/v1/beacon", "Expect: 100-continue\r\n");
    // Its body is waited for.
    await until(() => dribbling.bytesRead > 0, { deadlineMs: 5_000 });
    const health = ["GET", "HEAD"].map((method) => {
      const socket = rawSocket(stopping);
      socket.write(`${method} /healthz HTTP/1.1\r\nHost: x\r\n`);
      return { method, socket };
    });
    // Their first lines must be there before the stop, or the connections count as idle.
    await ask(stopping, "GET", "/healthz", { key: null });
    const stopped = stopping.stop(60_000);
    for (const { method, socket } of health) {
      socket.write("\r\n");
      expect(note(method, "/healthz", await rest(socket))).toBe(503);
    }
    expect(note("POST", "/v1/beacon", (await rest(dribbling)).replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, ""))).toBe(408);
    await stopped;
  });

  it("names every problem of the API by its code", () => {
    const codes = new Set([...seen].map((one) => one.split(" ")[3]));
    const described = [...JSON.stringify(description).matchAll(/"code":\{"enum":(\[[^\]]*\])/g)].flatMap(([, list]) => JSON.parse(list ?? "[]") as string[]);
    expect([...new Set(described)].filter((code) => !codes.has(code))).toEqual([]);
  });

  it("was seen for everything that is described", () => {
    const described = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) => Object.keys(responses).map((status) => `${method.toUpperCase()} ${path} ${status}`)),
    );
    const statuses = new Set([...seen].map((one) => one.split(" ").slice(0, 3).join(" ")));
    expect(described.filter((one) => !statuses.has(one))).toEqual([]);
  });
});
