import { once } from "node:events";
import { Agent, type IncomingMessage, request as httpRequest } from "node:http";
import { deflateSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { startPublicApi } from "#infra/testing/public-api.ts";
import { ACTIVITY_LIMITS } from "#lib/contracts/activity.ts";
import { ingestProblemSchema, ingestResponseSchema } from "#lib/contracts/ingest.ts";
import { parseMessageBody } from "#lib/contracts/message.ts";

const LINE = '{"id":"a","userId":"u","type":"t","occurredAt":"2026-01-31T12:00:00Z"}';
const NDJSON = { "Content-Type": "application/x-ndjson" };
const GZIP = { "Content-Encoding": "gzip" };

let running: Awaited<ReturnType<typeof startPublicApi>> | undefined;
afterEach(async () => {
  await running?.api.stop(0);
  running = undefined;
});

async function start(options: Parameters<typeof startPublicApi>[0] = {}) {
  running = await startPublicApi(options);
  return running;
}
type Started = Awaited<ReturnType<typeof start>>;

const bytes = (...parts: (string | Uint8Array)[]) => new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part))));
const codeOf = async (answer: Response) => [answer.status, ingestProblemSchema.parse(await answer.json()).code];
const propertiesOf = ({ sent }: Started) =>
  sent.map(({ body }) => {
    const parsed = parseMessageBody(body);
    return parsed.kind === "activity" ? parsed.message.activity.properties : parsed.error;
  });

describe("a body of lines", () => {
  it("has a verdict for each, and refuses none for another's fault", async () => {
    const { post, sent } = await start();
    const answer = await post(`${LINE}\r\n\r\nno JSON\n${LINE.replace('"a"', '"b"')}\n`, NDJSON);
    expect(answer.status).toBe(207);
    expect(ingestResponseSchema.parse(await answer.json()).results).toMatchObject([
      { status: "accepted", id: "a" },
      { status: "refused", field: "activities[1]", reason: expect.stringContaining("line 3") },
      { status: "accepted", id: "b" },
    ]);
    expect(sent).toHaveLength(2);
  });

  it("is refused where there is none, or too many, or none that is good", async () => {
    const { post } = await start();
    expect(await codeOf(await post("", NDJSON))).toEqual([422, "no_activities"]);
    expect(await codeOf(await post(`${LINE}\n`.repeat(501), NDJSON))).toEqual([413, "too_many_activities"]);
    expect(await codeOf(await post("a\nb", NDJSON))).toEqual([422, "invalid_activities"]);
  });
});

describe("a packed body", () => {
  it("is unpacked, of one member or several, of lines or not", async () => {
    const { post, sent } = await start();
    expect((await post(bytes(gzipSync(LINE)), GZIP)).status).toBe(202);
    expect((await post(bytes(gzipSync(`[${LINE}`), gzipSync("]")), { "Content-Encoding": "X-GZIP" })).status).toBe(202);
    expect((await post(bytes(gzipSync(`${LINE}\n`.repeat(3))), { ...GZIP, ...NDJSON })).status).toBe(202);
    expect(sent).toHaveLength(5);
  });

  const whole = gzipSync(LINE);
  const damaged = Buffer.from(whole);
  damaged[damaged.length - 6] = (damaged.at(-6) ?? 0) ^ 1;
  it.each<[string, Uint8Array<ArrayBuffer>]>([
    ["cut", bytes(whole.subarray(0, -1))],
    ["cut in the header", bytes(whole.subarray(0, 5))],
    ["empty", bytes()],
    ["with a wrong sum", bytes(damaged)],
    ["with text behind it", bytes(whole, "xx")],
    ["with much text behind it", bytes(whole, "x".repeat(30))],
    ["with zeros behind it", bytes(whole, new Uint8Array(8))],
    ["with zeros and a member behind it", bytes(whole, new Uint8Array(1), whole)],
    ["with half a member behind it", bytes(whole, whole.subarray(0, 12))],
    ["of another kind", bytes(deflateSync(LINE))],
    ["not packed at all", bytes(LINE)],
  ])("is 400 when it is %s", async (_, body) => {
    const { post, sent, admission } = await start();
    expect(await codeOf(await post(body, GZIP))).toEqual([400, "malformed_encoding"]);
    expect(sent).toEqual([]);
    expect(admission.inWork()).toEqual({ requests: 0, bytes: 0 });
  });

  it("is taken up to the cap of what it unpacks to, and refused one byte over", async () => {
    const { post } = await start();
    const padded = (length: number) => bytes(gzipSync(LINE.padEnd(length, " ")));
    expect((await post(padded(ACTIVITY_LIMITS.requestBytes), GZIP)).status).toBe(202);
    expect(await codeOf(await post(padded(ACTIVITY_LIMITS.requestBytes + 1), GZIP))).toEqual([413, "request_too_large"]);
  });

  it("is capped as it comes, too: members that hold nothing could come for ever", async () => {
    const { post } = await start();
    const empty = gzipSync("");
    const many = Buffer.alloc(empty.length * 60_000, empty);
    expect(await codeOf(await post(bytes(many), GZIP))).toEqual([413, "request_too_large"]);
  });

  it("costs no more than a plain one when it unpacks to a gigabyte, and the connection serves on", async () => {
    const { port, post } = await start();
    const bomb = bytes(gzipSync(Buffer.alloc(200 * 1024 ** 2)));
    expect(bomb.length).toBeLessThan(ACTIVITY_LIMITS.requestBytes);
    const plain = "x".repeat(ACTIVITY_LIMITS.requestBytes);
    await post(plain);
    const cpuOf = async (work: () => Promise<unknown>) => {
      const before = process.cpuUsage();
      await work();
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    };
    const heldBefore = process.memoryUsage().rss;
    const cpuMs = await cpuOf(async () => expect((await post(bomb, GZIP)).status).toBe(413));
    // Unpacking it whole takes over 200 ms and 200 MB; a plain body at the cap some 20 ms.
    expect(cpuMs).toBeLessThan(150);
    expect(process.memoryUsage().rss - heldBefore).toBeLessThan(64 * 1024 ** 2);

    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const send = async (body: Uint8Array, headers: Record<string, string>) => {
      const sending = httpRequest({ agent, port, host: "127.0.0.1", path: "/v1/activities", method: "POST", headers: { "Content-Type": "application/json", ...headers } });
      sending.end(body);
      const [answer] = (await once(sending, "response")) as [IncomingMessage];
      answer.resume();
      await once(answer, "end");
      return { status: answer.statusCode, reused: sending.reusedSocket };
    };
    // Small as it comes: answered at the cap, in the middle of its unpacking.
    const small = gzipSync(Buffer.alloc(20 * 1024 ** 2));
    expect(await send(small, { ...GZIP, "Content-Length": String(small.length) })).toEqual({ status: 413, reused: false });
    expect(await send(Buffer.from(LINE), { "Content-Length": String(LINE.length) })).toEqual({ status: 202, reused: true });
    agent.destroy();
  });

  it("holds what it unpacks to, and is shed in the middle where there is no room for that", async () => {
    const { post, admission } = await start({ maxBytes: 500_000 });
    expect(await codeOf(await post(bytes(gzipSync(" ".repeat(600_000))), GZIP))).toEqual([429, "overloaded"]);
    expect((await post(bytes(gzipSync(LINE)), GZIP)).status).toBe(202);
    expect(admission.inWork()).toEqual({ requests: 0, bytes: 0 });
  });

  it("keeps the room that it was given while it comes, so that what comes after does not take it", async () => {
    const { port, post, admission } = await start({ maxBytes: ACTIVITY_LIMITS.requestBytes });
    const packed = gzipSync(LINE.padEnd(200_000, " "), { level: 0 });
    const sending = httpRequest({ port, host: "127.0.0.1", path: "/v1/activities", method: "POST", headers: { "Content-Type": "application/json", ...GZIP, "Content-Length": String(packed.length) } });
    sending.write(packed.subarray(0, 100_000));
    await expect.poll(() => admission.inWork().requests).toBe(1);
    // All there is, for what might be more; long enough that the first half has been unpacked.
    for (let request = 0; request < 20; request += 1) expect((await post(LINE)).status).toBe(429);
    sending.end(packed.subarray(100_000));
    const [answer] = (await once(sending, "response")) as [IncomingMessage];
    expect(answer.statusCode).toBe(202);
    answer.resume();
    await expect.poll(() => admission.inWork()).toEqual({ requests: 0, bytes: 0 });
  });

  it("gives back what it held too much of as soon as it is there", async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const { port, admission } = await start({ submit: (messages) => gate.then(() => messages.map(() => ({ status: "not_sent", reason: "x" }))) });
    const sending = httpRequest({ port, host: "127.0.0.1", path: "/v1/activities", method: "POST", headers: { "Content-Type": "application/json", "Transfer-Encoding": "chunked" } });
    sending.flushHeaders();
    await expect.poll(() => admission.inWork().bytes).toBe(ACTIVITY_LIMITS.requestBytes);
    sending.end(LINE);
    await expect.poll(() => admission.inWork().bytes).toBe(LINE.length);
    open();
    const [answer] = (await once(sending, "response")) as [IncomingMessage];
    answer.resume();
    await expect.poll(() => admission.inWork()).toEqual({ requests: 0, bytes: 0 });
  });

  it("is given up when its sender is", async () => {
    const { port, admission } = await start();
    const sending = httpRequest({ port, host: "127.0.0.1", path: "/v1/activities", method: "POST", headers: { "Content-Type": "application/json", ...GZIP, "Content-Length": "100" } });
    sending.on("error", () => undefined).write(gzipSync(LINE).subarray(0, 20));
    await expect.poll(() => admission.inWork().requests).toBe(1);
    sending.destroy();
    await expect.poll(() => admission.inWork()).toEqual({ requests: 0, bytes: 0 });
  });
});

describe("odd bodies are taken byte for byte or refused", () => {
  const withProperties = (properties: string) => LINE.replace("}", `,"properties":${properties}}`);
  const utf16 = (text: string, bigEndian = false) => (bigEndian ? Buffer.from(text, "utf16le").swap16() : Buffer.from(text, "utf16le"));

  it.each(['{"n":9007199254740993,"big":1e400,"minus":-0,"exact":0.10}', '{ "b" :1,\t"a":[ ]}', '{"nul":"\\u0000","pair":"\\ud83d\\ude00","raw":"\u{1F600}\u007f\u2028"}', '{"\\u0061":"\\/"}', '{"bom":"\uFEFF"}'])(
    "%s stays",
    async (properties) => {
      const started = await start();
      expect((await started.post(withProperties(properties))).status).toBe(202);
      expect((await started.post(withProperties(properties), NDJSON)).status).toBe(202);
      expect(propertiesOf(started)).toEqual([properties, properties]);
    },
  );

  it("and a byte order mark before them is skipped", async () => {
    const started = await start();
    expect((await started.post(`\uFEFF${LINE}`)).status).toBe(202);
    expect((await started.post(`\uFEFF${LINE}`, NDJSON)).status).toBe(202);
    expect((await started.post(`\uFEFF\uFEFF${LINE}`)).status).toBe(400);
  });

  it.each<[string, Uint8Array<ArrayBuffer>, string]>([
    ["UTF-16 with its mark", bytes(new Uint8Array([0xff, 0xfe]), utf16(LINE)), "malformed_text"],
    ["UTF-16 without", bytes(utf16(LINE)), "malformed_json"],
    ["UTF-16, big end first", bytes(new Uint8Array([0xfe, 0xff]), utf16(LINE, true)), "malformed_text"],
    ["UTF-32", bytes(new Uint8Array([0, 0, 0, 0x7b])), "malformed_json"],
    ["an overlong slash", bytes('{"userId":"', new Uint8Array([0xc0, 0xaf]), '"}'), "malformed_text"],
    ["an overlong NUL", bytes('{"userId":"', new Uint8Array([0xc0, 0x80]), '"}'), "malformed_text"],
    ["an encoded surrogate", bytes('{"userId":"', new Uint8Array([0xed, 0xa0, 0x80]), '"}'), "malformed_text"],
    ["a character past the last", bytes('{"userId":"', new Uint8Array([0xf4, 0x90, 0x80, 0x80]), '"}'), "malformed_text"],
    ["a character cut by the end", bytes(LINE, new Uint8Array([0xe2, 0x82])), "malformed_text"],
  ])("%s is 400", async (_, body, code) => {
    const { post, sent } = await start();
    expect(await codeOf(await post(body))).toEqual([400, code]);
    expect(await codeOf(await post(bytes(gzipSync(body)), GZIP))).toEqual([400, code]);
    expect(sent).toEqual([]);
  });

  it.each([
    ["a number for a user", LINE.replace('"u"', "9007199254740993")],
    ["a number for an id", LINE.replace('"a"', "1")],
    ["a number for a time", LINE.replace('"2026-01-31T12:00:00Z"', "1769860800000")],
    ["a number for properties", withProperties("9007199254740993")],
    ["a field twice", LINE.replace('"u"', '"u","userId":"u"')],
    ["a field twice, once escaped", LINE.replace('"u"', '"u","user\\u0049d":"u"')],
    ["a key twice", withProperties('{"a":{"b":1,"b":1}}')],
    ["__proto__ as a field", LINE.replace('"u"', '"u","__proto__":{}')],
    ["__proto__ as a key", withProperties('{"a":[{"__proto__":1}]}')],
    ["__proto__ escaped", withProperties('{"\\u005f_proto__":1}')],
    ["33 levels", withProperties(`${"[".repeat(32).replace("[", '{"a":[')}${"]".repeat(32)}}`)],
    ["U+FFFE", withProperties('{"a":"\uFFFE"}')],
    ["U+FFFF escaped", withProperties('{"a":"\\uFFFF"}')],
    ["U+FFFF in a key", withProperties('{"\uFFFF":1}')],
    ["a lone surrogate", withProperties('{"a":"\\uD800"}')],
    ["surrogates in the wrong order", withProperties('{"a":"\\uDE00\\uD83D"}')],
    ["U+FFFE in a user", LINE.replace('"u"', '"\uFFFE"')],
    ["a NUL in a user", LINE.replace('"u"', '"\\u0000"')],
  ])("%s is 422", async (_, body) => {
    const { post, sent } = await start();
    expect(await codeOf(await post(body))).toEqual([422, "invalid_activities"]);
    expect(await codeOf(await post(body, NDJSON))).toEqual([422, "invalid_activities"]);
    expect(sent).toEqual([]);
  });
});

describe("while the event loop is late", () => {
  it("requests are shed unread, but not the few that there are anyway", async () => {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    let late = true;
    const { post, admission, sent } = await start({
      maxRequests: 100,
      isLate: () => late,
      submit: (messages) => gate.then(() => messages.map(() => ({ status: "accepted", sequenceNumber: "1", outOfOrder: false }))),
    });
    const first = Array.from({ length: 32 }, () => post(LINE));
    await expect.poll(() => admission.inWork().requests).toBe(32);
    expect(await codeOf(await post(LINE))).toEqual([429, "overloaded"]);
    late = false;
    const last = post(LINE);
    open();
    expect(new Set((await Promise.all([...first, last])).map((answer) => answer.status))).toEqual(new Set([202]));
    expect(sent).toHaveLength(33);
  });
});
