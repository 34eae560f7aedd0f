import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, LookupFunction } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createWebhook, publicLookup, retryAfterMs, signature } from "./webhook.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A receiver on loopback. @returns its URL and what it got. */
async function receiver(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const got: { headers: IncomingMessage["headers"]; body: string; method: string | undefined }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      got.push({ headers: request.headers, body, method: request.method });
      answer(request, response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook`, port, got };
}

const never = new AbortController().signal;
const NOW = Date.UTC(2026, 0, 1);
const hook = (url: string, more: Partial<Parameters<typeof createWebhook>[0]> = {}) =>
  createWebhook({ url, secret: null, timeoutMs: 2_000, allowPrivate: true, now: () => NOW, ...more });
const post = (url: string, more: Partial<Parameters<typeof createWebhook>[0]> = {}) => hook(url, more).post({ body: '{"a":1}', headers: { "idempotency-key": "k" } }, never);
const answering = (status: number, body = "", headers: Record<string, string> = {}) => receiver((_, response) => response.writeHead(status, headers).end(body));

describe("post", () => {
  test("sends the body with its key and signature, and takes a 2xx as accepted", async () => {
    const { url, got } = await answering(204);
    expect(await post(url, { secret: "s3cret" })).toEqual({ kind: "accepted", status: 204 });
    expect(got).toHaveLength(1);
    expect(got[0]).toMatchObject({ method: "POST", body: '{"a":1}', headers: { "content-type": "application/json", "idempotency-key": "k" } });
    const seconds = NOW / 1000;
    const expected = createHmac("sha256", "s3cret").update(`${seconds}.{"a":1}`).digest("hex");
    expect(got[0]?.headers["spillway-signature"]).toBe(`t=${seconds},v1=${expected}`);
  });

  test("sends no signature without a secret", async () => {
    const { url, got } = await answering(200);
    await post(url);
    expect(got[0]?.headers).not.toHaveProperty("spillway-signature");
  });

  test.each([
    [400, {}, "refused"],
    [404, {}, "refused"],
    [410, { "retry-after": "5" }, "refused"],
    [408, {}, "failed"],
    [429, {}, "failed"],
    [500, { "retry-after": "5" }, "failed"],
    [503, {}, "failed"],
    [503, { "retry-after": "soon" }, "failed"],
  ])("%i with %j is %s", async (status, headers, kind) => {
    const { url } = await answering(status, "", headers);
    expect((await post(url)).kind).toBe(kind);
  });

  test("429 and 503 say how long to wait", async () => {
    const slow = await answering(429, "", { "retry-after": "7" });
    expect(await post(slow.url)).toMatchObject({ kind: "later", retryAfterMs: 7_000 });
    const away = await answering(503, "", { "retry-after": new Date(NOW + 30_000).toUTCString() });
    expect(await post(away.url)).toMatchObject({ kind: "later", retryAfterMs: 30_000 });
  });

  test("follows no redirect", async () => {
    const other = await answering(200);
    const { url } = await answering(307, "", { location: other.url });
    expect(await post(url)).toMatchObject({ kind: "refused", error: expect.stringContaining("307") });
    expect(other.got).toEqual([]);
  });

  test("keeps a bounded, printable piece of a refusal and reads no further", async () => {
    const { url } = await receiver((_, response) => {
      response.writeHead(400);
      response.write(`no\u0000\n\u001b[31m${"x".repeat(10_000)}`);
      const more = setInterval(() => response.write("y".repeat(10_000)), 1);
      response.on("close", () => clearInterval(more));
    });
    const answer = await post(url);
    expect(answer.kind).toBe("refused");
    const { error } = answer as { error: string };
    expect(error.length).toBeLessThan(400);
    expect(error).toMatch(/^the webhook answered 400: no \[31mx+$/);
  });

  test("a 2xx counts as soon as its status is there, though its body never ends", async () => {
    const { url } = await receiver((_, response) => response.writeHead(200).write("x"));
    expect(await post(url)).toEqual({ kind: "accepted", status: 200 });
  });

  test("no answer in time, and a signal, end it", async () => {
    const { url } = await receiver(() => {});
    expect(await post(url, { timeoutMs: 50 })).toEqual({ kind: "failed", error: "the webhook did not answer within 50 ms" });
    expect(await hook(url).post({ body: "{}", headers: {} }, AbortSignal.abort())).toMatchObject({ kind: "failed", error: expect.stringContaining("AbortError") });
  });

  test("a receiver that is not there is a failure", async () => {
    const { url } = await answering(200);
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
    expect(await post(url)).toMatchObject({ kind: "failed", error: expect.stringContaining("ECONNREFUSED") });
  });
});

describe("addresses that are not public", () => {
  const answerWith =
    (...addresses: string[]): LookupFunction =>
    (_hostname, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
      );

  test.each(["http://127.0.0.1:PORT/", "http://[::1]:PORT/", "http://[::ffff:127.0.0.1]:PORT/", "http://2130706433:PORT/", "http://0x7f.1:PORT/", "http://0:PORT/"])(
    "%s is refused before a connection is made",
    async (form) => {
      const { port, got } = await answering(200);
      expect(await post(form.replace("PORT", String(port)), { allowPrivate: false })).toMatchObject({ kind: "failed", error: expect.stringContaining("not a public address") });
      expect(got).toEqual([]);
    },
  );

  test("a name that leads to one is refused, even if another of its addresses is public", async () => {
    const { port, got } = await answering(200);
    for (const lookup of [answerWith("127.0.0.1"), answerWith("8.8.8.8", "127.0.0.1"), answerWith("169.254.169.254"), answerWith("fd00::1"), answerWith()]) {
      const answer = await post(`http://example.com:${port}/`, { allowPrivate: false, lookup });
      expect(answer).toMatchObject({ kind: "failed", error: expect.stringContaining("not a public address") });
    }
    expect(got).toEqual([]);
  });

  test("the connection goes to the address that was looked at: one look-up a connection", async () => {
    const { port, got } = await answering(200);
    let lookups = 0;
    const rebinding: LookupFunction = (hostname, options, callback) => {
      lookups += 1;
      // A public address that nobody routes.
      answerWith(lookups === 1 ? "3ffe::1" : "127.0.0.1")(hostname, options, callback);
    };
    const answer = await post(`http://example.com:${port}/`, { allowPrivate: false, lookup: rebinding, timeoutMs: 200 });
    expect(answer.kind).toBe("failed");
    expect(lookups).toBe(1);
    expect(got).toEqual([]);
  });

  test("are open where the operator says so", async () => {
    const { port, got } = await answering(200);
    expect(await post(`http://example.com:${port}/`, { lookup: answerWith("127.0.0.1") })).toEqual({ kind: "accepted", status: 200 });
    expect(got).toHaveLength(1);
  });

  test("public addresses pass the lookup, one or all", async () => {
    const lookup = publicLookup(answerWith("8.8.8.8", "1.1.1.1"));
    const all = await new Promise((resolve) => lookup("example.com", { all: true }, (_, found) => resolve(found)));
    expect(all).toHaveLength(2);
    const one = await new Promise((resolve) => lookup("example.com", {}, (_, found, family) => resolve([found, family])));
    expect(one).toEqual(["8.8.8.8", 4]);
  });
});

test("Retry-After is seconds or a date", () => {
  expect(retryAfterMs("12", NOW)).toBe(12_000);
  expect(retryAfterMs(new Date(NOW - 5_000).toUTCString(), NOW)).toBe(0);
  expect(retryAfterMs("x", NOW)).toBeNull();
  expect(retryAfterMs(undefined, NOW)).toBeNull();
});

test("the signature covers time and body", () => {
  const one = signature({ secret: "s", body: "b", nowMs: NOW });
  expect(signature({ secret: "s", body: "c", nowMs: NOW })).not.toBe(one);
  expect(signature({ secret: "s", body: "b", nowMs: NOW + 1_000 })).not.toBe(one);
});
