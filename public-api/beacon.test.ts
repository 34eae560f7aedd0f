import { afterEach, describe, expect, it, vi } from "vitest";
import { startPublicApi } from "#infra/testing/public-api.ts";
import { ingestProblemSchema, ingestResponseSchema } from "#lib/contracts/ingest.ts";
import type { Authenticate } from "#lib/services/api-keys/key-ring.ts";

const SHOP = "https://shop.example";
const LINE = '{"id":"a","userId":"u","type":"t","occurredAt":"2026-01-31T12:00:00Z"}';
const withKey = (...lines: string[]) => ['{"key":"good"}', ...lines].join("\n");
const authenticate: Authenticate = (header) => {
  if (header === "Bearer good") return { ok: true, keyId: "AAAAAAAAAAAA" };
  return { ok: false, reason: header === "Bearer reader" ? "wrong_scope" : "no_valid_key" };
};

let running: Awaited<ReturnType<typeof startPublicApi>> | undefined;
afterEach(async () => {
  await running?.api.stop(0);
  running = undefined;
});

async function start(options: Parameters<typeof startPublicApi>[0] = {}) {
  const started = await startPublicApi({ authenticate, corsOrigins: [SHOP], ...options });
  running = started;
  const beacon = (body: string, headers: Record<string, string> = {}) =>
    fetch(`${started.url}/v1/beacon`, { method: "POST", body, headers: { "Content-Type": "text/plain;charset=UTF-8", Origin: SHOP, ...headers } });
  return { ...started, beacon };
}

describe("POST /v1/beacon", () => {
  it("takes the lines behind the key's, and quotes the key nowhere", async () => {
    const { beacon, sent } = await start();
    const answer = await beacon(withKey(LINE, "no JSON"));
    expect(answer.status).toBe(207);
    expect(answer.headers.get("access-control-allow-origin")).toBe(SHOP);
    const text = await answer.text();
    expect(ingestResponseSchema.parse(JSON.parse(text)).results).toMatchObject([
      { status: "accepted", id: "a" },
      { status: "refused", field: "activities[1]", reason: expect.stringMatching(/^line 3 is not JSON/) },
    ]);
    expect(text).not.toContain("good");
    expect(sent).toHaveLength(1);
  });

  it.each([
    ["no key", LINE],
    ["an empty body", ""],
    ["a wrong key", `{"key":"bad"}\n${LINE}`],
    ["a key that is no text", `{"key":["good"]}\n${LINE}`],
    ["more than a key in its line", `{"key":"good","userId":"u"}\n${LINE}`],
    ["the key in another line", `${LINE}\n{"key":"good"}`],
  ])("is 401 with %s, and takes nothing", async (_, body) => {
    const { beacon, sent } = await start();
    const answer = await beacon(body);
    expect([answer.status, ingestProblemSchema.parse(await answer.json()).code]).toEqual([401, "unauthorized"]);
    expect(sent).toEqual([]);
  });

  it("takes no key from the header, nor from the address", async () => {
    const { url, beacon } = await start();
    expect((await beacon(LINE, { Authorization: "Bearer good" })).status).toBe(401);
    expect((await fetch(`${url}/v1/beacon?key=good`, { method: "POST", body: LINE, headers: { "Content-Type": "text/plain", Origin: SHOP } })).status).toBe(401);
  });

  it("is 403 with a key of another scope", async () => {
    const { beacon } = await start();
    expect((await beacon(`{"key":"reader"}\n${LINE}`)).status).toBe(403);
  });

  it("is closed to other origins, to none, and to all where none is configured", async () => {
    const { beacon, url } = await start();
    expect((await beacon(withKey(LINE), { Origin: "https://other.example" })).status).toBe(401);
    expect((await fetch(`${url}/v1/beacon`, { method: "POST", body: withKey(LINE), headers: { "Content-Type": "text/plain" } })).status).toBe(401);
    await running?.api.stop(0);
    const closed = await start({ corsOrigins: [] });
    expect((await closed.beacon(withKey(LINE))).status).toBe(401);
    expect(closed.sent).toEqual([]);
  });

  it("takes as much as a browser sends, and text alone", async () => {
    const { beacon } = await start();
    const padded = withKey(LINE);
    expect((await beacon(padded + " ".repeat(64 * 1024 - padded.length))).status).toBe(202);
    expect((await beacon(padded + " ".repeat(64 * 1024 - padded.length + 1))).status).toBe(413);
    expect((await beacon(withKey(LINE), { "Content-Type": "application/json" })).status).toBe(415);
    expect((await beacon(withKey(LINE), { "Content-Encoding": "gzip" })).status).toBe(415);
    expect((await beacon(withKey())).status).toBe(422);
  });

  it("is shed where there is too much in work, and leaves its place", async () => {
    const { beacon, admission } = await start({ maxBytes: 10 });
    const answer = await beacon(withKey(LINE));
    expect([answer.status, Number(answer.headers.get("retry-after"))]).toEqual([429, expect.toSatisfy((seconds: number) => seconds >= 1 && seconds <= 3)]);
    expect(admission.inWork()).toEqual({ requests: 0, bytes: 0 });
  });

  it("keeps nobody's beacon out while the queue is slow, past what is read at once without a known key", async () => {
    const queue = Promise.withResolvers<void>();
    const { beacon, sent } = await start({
      maxRequests: 200,
      submit: async (messages) => {
        await queue.promise;
        return messages.map(() => ({ status: "accepted", sequenceNumber: "1", outOfOrder: false }));
      },
    });
    const answers = Array.from({ length: 120 }, () => beacon(withKey(LINE)).then(({ status }) => status));
    const first = await Promise.race([Promise.race(answers), vi.waitFor(() => expect(sent).toHaveLength(120), 5_000).then(() => "all wait for the queue")]);
    queue.resolve();
    expect(first).toBe("all wait for the queue");
    expect(new Set(await Promise.all(answers))).toEqual(new Set([202]));
  });
});
