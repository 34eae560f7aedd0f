import { type IncomingMessage, request as httpRequest } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { ACTIVITY_LIMITS } from "#lib/contracts/activity.ts";
import { ingestProblemSchema, ingestResponseSchema } from "#lib/contracts/ingest.ts";
import { PROBLEM_CONTENT_TYPE } from "#lib/contracts/problem.ts";
import type { OutgoingMessage } from "#lib/gateways/sqs-queue.ts";
import type { SendVerdict } from "#lib/services/activity/ingest-batcher.ts";
import type { Authenticate } from "#lib/services/api-keys/key-ring.ts";
import { createAdmission } from "./admission.ts";
import { createPublicApi, type PublicApi } from "./server.ts";

type Submit = (messages: readonly OutgoingMessage[]) => Promise<SendVerdict[]>;
const acceptAll: Submit = (messages) => Promise.resolve(messages.map(() => ({ status: "accepted", sequenceNumber: "1", outOfOrder: false })));
const allAre = (verdict: SendVerdict): Submit => (messages) => Promise.resolve(messages.map(() => verdict));

const letIn: Authenticate = () => ({ ok: true, keyId: "AAAAAAAAAAAA" });

let api: PublicApi | undefined;
afterEach(async () => {
  await api?.stop(0);
  api = undefined;
});

interface Options {
  submit?: Submit;
  authenticate?: Authenticate;
  maxRequests?: number;
  maxBytes?: number;
  slowMs?: number;
  stalledMs?: number;
}

async function start({ submit = acceptAll, authenticate = letIn, maxRequests = 10, maxBytes = 10_000_000, slowMs = 2_000, stalledMs = 30_000 }: Options = {}) {
  const counted: string[] = [];
  const logged: string[] = [];
  const admission = createAdmission({ maxRequests, maxBytes, slowMs });
  api = createPublicApi({
    ctx: {
      batcher: { submit },
      now: Date.now,
      deadlineMs: 1000,
      admission,
      count: (verdicts) => counted.push(...verdicts.map((verdict) => verdict.status)),
    },
    authenticate,
    log: (_, event) => logged.push(event),
    stalledMs,
  });
  await once(api.server.listen(0, "127.0.0.1"), "listening");
  const { port } = api.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(`${url}/v1/activities`, { method: "POST", body, headers: { "Content-Type": "application/json", ...headers } });
  return { url, port, post, counted, logged, admission, api };
}

const activity = (more: object = {}) => ({ id: "a", userId: "u", type: "t", occurredAt: "2026-01-31T12:00:00Z", ...more });

/** What every answer carries, a good one as a refusal; and nothing that lets a page of another origin read it. */
const SHELL = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

async function problemOf(response: Response) {
  expect(Object.fromEntries(response.headers)).toMatchObject(SHELL);
  expect(response.headers.has("access-control-allow-origin")).toBe(false);
  expect(response.headers.get("content-type")).toBe(PROBLEM_CONTENT_TYPE);
  const problem = ingestProblemSchema.parse(await response.json());
  expect(problem.status).toBe(response.status);
  return problem;
}

describe("POST /v1/activities", () => {
  it("answers 202 with a verdict, for one activity and for several", async () => {
    const { post, counted } = await start();
    const one = await post(JSON.stringify(activity()));
    expect(one.status).toBe(202);
    expect(Object.fromEntries(one.headers)).toMatchObject(SHELL);
    expect(ingestResponseSchema.parse(await one.json())).toEqual({
      results: [{ status: "accepted", id: "a", occurredAt: "2026-01-31T12:00:00.000Z" }],
    });
    const several = await post(JSON.stringify([activity(), activity({ id: "b" })]), { "Content-Type": "application/JSON; charset=UTF-8" });
    expect(several.status).toBe(202);
    expect(counted).toEqual(["accepted", "accepted", "accepted"]);
  });

  it("answers 207 where some are accepted, with the field of those that are not", async () => {
    const { post } = await start();
    const response = await post(JSON.stringify([activity(), activity({ id: "b", userId: "" })]));
    expect(response.status).toBe(207);
    expect(ingestResponseSchema.parse(await response.json())).toMatchObject({
      results: [{ status: "accepted" }, { status: "refused", id: "b", field: "activities[1].userId" }],
    });
  });

  it("answers 422 with every fault where none can be taken", async () => {
    const { post, counted } = await start();
    const problem = await problemOf(await post(JSON.stringify([activity({ userId: 5, type: "T" }), {}])));
    expect(problem).toMatchObject({ status: 422, code: "invalid_activities", results: [{ status: "refused" }, { status: "refused" }] });
    expect(problem.errors?.map((error) => error.field)).toEqual([
      "activities[0].userId",
      "activities[0].type",
      "activities[1].userId",
      "activities[1].type",
    ]);
    expect(counted).toEqual(["refused", "refused"]);
    expect(await problemOf(await post("[]"))).toMatchObject({ status: 422, code: "no_activities" });
  });

  it.each(["{", "", '{"a":1}x', "[1,]"])("answers 400 to malformed JSON: %s", async (body) => {
    const { post } = await start();
    expect(await problemOf(await post(body))).toMatchObject({ status: 400, code: "malformed_json" });
  });

  it.each([
    ["prototype pollution in an activity", '{"id":"a","userId":"u","type":"t","occurredAt":"2026-01-31T12:00:00Z","__proto__":{"polluted":true}}'],
    ["prototype pollution in its properties", '{"id":"a","userId":"u","type":"t","occurredAt":"2026-01-31T12:00:00Z","properties":{"a":{"__proto__":{"polluted":true}}}}'],
    ["deep JSON", "[".repeat(500_000) + "]".repeat(500_000)],
    ["deep properties", `{"id":"a","userId":"u","type":"t","occurredAt":"2026-01-31T12:00:00Z","properties":${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}}`],
    ["a text made for slow patterns", `{"id":"${"a".repeat(60_000)}!","userId":"u","type":"t","occurredAt":"${"1".repeat(60_000)}"}`],
    ["a great many keys", `{${Array.from({ length: 50_000 }, (_, index) => `"k${index}":1`).join(",")}}`],
  ])("refuses %s, and is not held up by it", async (_name, body) => {
    const { post, counted } = await start();
    const startedAt = performance.now();
    const response = await post(body);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect([400, 413, 422]).toContain(response.status);
    expect(counted.filter((status) => status !== "refused")).toEqual([]);
    expect({}).not.toHaveProperty("polluted");
  });

  it("answers 400 to bytes that are not UTF-8", async () => {
    const { post } = await start();
    expect(await problemOf(await post(new Uint8Array([0x22, 0xff, 0x22])))).toMatchObject({ status: 400, code: "malformed_text" });
  });

  it.each<Record<string, string>>([
    { "Content-Type": "text/plain" },
    { "Content-Type": "application/json; charset=utf-16" },
    { "Content-Encoding": "br" },
    { "Content-Encoding": "gzip, gzip" },
  ])("answers 415 to %o", async (headers) => {
    const { post } = await start();
    expect(await problemOf(await post("{}", headers))).toMatchObject({ status: 415 });
  });

  it("answers 413 to too many activities", async () => {
    const { post } = await start();
    const many = Array.from({ length: ACTIVITY_LIMITS.activitiesPerRequest + 1 }, (_, n) => activity({ id: String(n) }));
    expect(await problemOf(await post(JSON.stringify(many)))).toMatchObject({ status: 413, code: "too_many_activities" });
    expect((await post(JSON.stringify(many.slice(1)))).status).toBe(202);
  });

  it("takes a body at the cap, and refuses one byte more", async () => {
    const { post } = await start();
    const body = JSON.stringify(activity());
    expect((await post(body.padEnd(ACTIVITY_LIMITS.requestBytes, " "))).status).toBe(202);
    expect(await problemOf(await post(body.padEnd(ACTIVITY_LIMITS.requestBytes + 1, " ")))).toMatchObject({ status: 413, code: "request_too_large" });
  });

  it("answers 413 from the announced length, before any of the body came", async () => {
    const { port } = await start();
    const socket = connect(port, "127.0.0.1");
    socket.write(
      `POST /v1/activities HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${ACTIVITY_LIMITS.requestBytes + 1}\r\n\r\n`,
    );
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it("answers 413 in the middle of a chunked body that never ends, and hangs up", async () => {
    const { port, admission } = await start();
    const sending = httpRequest({ port, host: "127.0.0.1", path: "/v1/activities", method: "POST", headers: { "Content-Type": "application/json" } });
    const chunk = Buffer.alloc(64 * 1024, " ");
    let sent = 0;
    const closed = new Promise<void>((resolve) => {
      sending.on("close", () => resolve());
    });
    sending.on("error", () => undefined);
    const write = () => {
      if (sending.destroyed || sent > 256 * 1024 ** 2) return;
      sent += chunk.length;
      sending.write(chunk, () => setImmediate(write));
    };
    write();
    const [response] = (await once(sending, "response")) as [IncomingMessage];
    expect(response.statusCode).toBe(413);
    response.resume();
    await closed;
    expect(admission.inWork()).toEqual({ requests: 0, bytes: 0 });
  });

  it("asks for the body of an expecting sender only when it wants it", async () => {
    const { port } = await start();
    const ask = (headers: Record<string, string | number>) =>
      httpRequest({ port, host: "127.0.0.1", path: "/v1/activities", method: "POST", headers: { Expect: "100-continue", "Content-Type": "application/json", ...headers } });
    const wanted = ask({});
    wanted.flushHeaders();
    await once(wanted, "continue");
    wanted.end(JSON.stringify(activity()));
    const [accepted] = (await once(wanted, "response")) as [IncomingMessage];
    expect(accepted.statusCode).toBe(202);
    accepted.resume();

    let continued = false;
    const unwanted = ask({ "Content-Length": 5_000_000 }).on("continue", () => {
      continued = true;
    });
    unwanted.flushHeaders();
    const [refused] = (await once(unwanted, "response")) as [IncomingMessage];
    expect([refused.statusCode, continued]).toEqual([413, false]);
    unwanted.destroy();
  });

  it("answers 503 with verdicts and Retry-After where nothing was accepted and something may be", async () => {
    const { post, counted } = await start({ submit: allAre({ status: "unknown", reason: "lost" }) });
    const response = await post(JSON.stringify([activity(), { bad: true }]));
    expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await problemOf(response)).toMatchObject({ status: 503, results: [{ status: "unknown", id: "a" }, { status: "refused" }] });
    expect(counted).toEqual(["unknown", "refused"]);
  });

  it("sheds with 429 and Retry-After before reading, and recovers", async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { post, admission } = await start({
      maxRequests: 1,
      submit: async (messages) => {
        await gate;
        return acceptAll(messages);
      },
    });
    const first = post(JSON.stringify(activity()));
    await expect.poll(() => admission.inWork().requests).toBe(1);
    const shed = await post("not even JSON");
    expect(shed.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await problemOf(shed)).toMatchObject({ status: 429, code: "overloaded" });
    open();
    expect((await first).status).toBe(202);
    expect((await post(JSON.stringify(activity()))).status).toBe(202);
  });

  it("sheds by bytes too", async () => {
    const { post } = await start({ maxBytes: 10 });
    expect((await post(JSON.stringify(activity()))).status).toBe(429);
  });

  it("serves others while senders announce much and send nothing", async () => {
    const { port, post, admission } = await start({ maxRequests: 3, slowMs: 0 });
    const slow = [1, 2, 3].map(() => {
      const socket = connect(port, "127.0.0.1");
      socket.write("POST /v1/activities HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n[");
      return socket;
    });
    await expect.poll(() => admission.inWork().requests).toBe(3);
    expect((await post(JSON.stringify(activity()))).status).toBe(202);
    const answers = await Promise.race(slow.map((socket) => once(socket, "data") as Promise<[Buffer]>));
    expect(answers[0].toString()).toMatch(/^HTTP\/1\.1 408 [^]*body_too_slow/);
    expect(admission.inWork().requests).toBe(2);
    for (const socket of slow) socket.destroy();
  });

  it("answers 500 without details when something fails, and logs it", async () => {
    const { post, logged } = await start({ submit: () => Promise.reject(new Error("secret")) });
    const problem = await problemOf(await post(JSON.stringify(activity())));
    expect(JSON.stringify(problem)).not.toContain("secret");
    expect(problem.status).toBe(500);
    expect(logged).toEqual(["request_failed"]);
  });
});

describe("other addresses", () => {
  it("are problems too", async () => {
    const { url } = await start();
    expect(await problemOf(await fetch(`${url}/nothing`))).toMatchObject({ status: 404 });
    const wrong = await fetch(`${url}/v1/activities`);
    expect(wrong.headers.get("allow")).toBe("POST");
    expect(await problemOf(wrong)).toMatchObject({ status: 405 });
    expect(await problemOf(await fetch(`${url}/healthz`, { method: "DELETE" }))).toMatchObject({ status: 405 });
    expect(await (await fetch(`${url}/healthz?x=1`)).json()).toEqual({ status: "ok" });
  });
});

describe("a connection that goes wrong", () => {
  const head = "POST /v1/activities HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  const body = JSON.stringify(activity());
  const whole = `${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

  /** Everything that comes back until the other side hangs up. */
  async function exchange(port: number, sent: string): Promise<string[]> {
    const socket = connect(port, "127.0.0.1");
    socket.write(sent);
    let text = "";
    for await (const part of socket) text += String(part);
    return text.match(/HTTP\/1\.1 \d+/g) ?? [];
  }

  it("answers what was asked before the fault first, and nothing but that", async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { port, admission } = await start({
      submit: async (messages) => {
        await gate;
        return acceptAll(messages);
      },
    });
    const answers = exchange(port, `${whole}${whole}NOT HTTP\r\n\r\n`);
    await expect.poll(() => admission.inWork().requests).toBe(2);
    open();
    expect(await answers).toEqual(["HTTP/1.1 202", "HTTP/1.1 202"]);
  });

  it.each([
    ["both lengths", `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, "400"],
    ["two lengths", `${head}Content-Length: 5\r\nContent-Length: 25\r\n\r\n{}`, "400"],
    ["a bad chunk", `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`, "400"],
    ["huge headers", `${head}X: ${"x".repeat(20_000)}\r\n\r\n`, "431"],
    ["a bad chunk after a refusal from the headers", `${head.replace("/json", "/xml")}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`, "415"],
  ])("is told so once and ended: %s", async (_, sent, status) => {
    const { port, admission } = await start();
    expect(await exchange(port, sent)).toEqual([`HTTP/1.1 ${status}`]);
    await expect.poll(() => admission.inWork().requests).toBe(0);
  });
});

it("cuts off a sender that does not read its answers", async () => {
  const { port, api: running } = await start({ stalledMs: 100, maxRequests: 1_000, maxBytes: 100_000_000 });
  const body = `[${Array.from({ length: 500 }, () => `{"${"x".repeat(60)}":1}`).join(",")}]`;
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  // Far more answers than the system buffers for a connection.
  socket.write(`POST /v1/activities HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`.repeat(100));
  const connections = () => new Promise((resolve) => running.server.getConnections((_, count) => resolve(count)));
  await expect.poll(connections).toBe(1);
  await expect.poll(connections, { timeout: 10_000 }).toBe(0);
  socket.destroy();
}, 15_000);

it("does not stay connected to a sender that never hangs up", async () => {
  const { port, api: running } = await start();
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.write("NOT HTTP\r\n\r\n");
  socket.resume();
  await once(socket, "end");
  const connections = () => new Promise((resolve) => running.server.getConnections((_, count) => resolve(count)));
  await expect.poll(connections, { timeout: 5_000 }).toBe(0);
  socket.destroy();
});

describe("stopping", () => {
  it("finishes what was taken", async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { post, admission, api: running } = await start({
      submit: async (messages) => {
        await gate;
        return acceptAll(messages);
      },
    });
    const answer = post(JSON.stringify(activity()));
    await expect.poll(() => admission.inWork().requests).toBe(1);
    const stopped = running.stop(5_000);
    open();
    expect((await answer).status).toBe(202);
    await stopped;
    await expect(post(JSON.stringify(activity()))).rejects.toThrow();
  });
});
