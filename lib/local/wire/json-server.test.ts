import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { type JsonServerOptions, startJsonServer } from "./json-server.ts";
import { WireError } from "./wire-error.ts";

const releases: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0)) await release();
});

async function start(options: Partial<JsonServerOptions> = {}) {
  const server = await startJsonServer({
    host: "127.0.0.1",
    port: 0,
    targetPrefix: "Thing_1.",
    handle: async (operation, body) => ({ operation, body }),
    inspect: () => undefined,
    ...options,
  });
  releases.push(() => server.close());
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(server.url, { method: "POST", body, headers: { "x-amz-target": "Thing_1.Do", ...headers } });
  return { server, post };
}

test("takes plain and gzip bodies", async () => {
  const { post } = await start();
  expect(await (await post('{"a":1}')).json()).toEqual({ operation: "Do", body: { a: 1 } });
  const zipped = await post(new Uint8Array(gzipSync('{"a":2}')), { "content-encoding": "gzip" });
  expect(await zipped.json()).toEqual({ operation: "Do", body: { a: 2 } });
});

test("refuses what is no JSON object, a bad gzip, a foreign target and a body past 16 MB", async () => {
  const { post } = await start();
  expect(await (await post("{")).json()).toMatchObject({ __type: "SerializationException" });
  expect(await (await post("[]")).json()).toMatchObject({ __type: "SerializationException" });
  expect(await (await post("x", { "content-encoding": "gzip" })).json()).toMatchObject({ __type: "SerializationException" });
  expect(await (await post(new Uint8Array(gzipSync(Buffer.alloc(17 << 20))), { "content-encoding": "gzip" })).json()).toMatchObject({
    __type: "SerializationException",
  });
  expect(await (await post("{}", { "x-amz-target": "Other.Do" })).json()).toMatchObject({ __type: "UnknownOperationException" });
});

test("sends a refusal as it is, and hides nothing behind a 200", async () => {
  const errors: Error[] = [
    new WireError({ type: "ns#TooFast", message: "Slow down.", fields: { Why: ["x"] }, headers: { "x-amzn-query-error": "TooFast;Sender" } }),
    new Error("broken"),
  ];
  const { post } = await start({ handle: () => Promise.reject(errors.shift() ?? new Error("no more")) });
  const refused = await post("{}");
  expect(refused.status).toBe(400);
  expect(refused.headers.get("x-amzn-query-error")).toBe("TooFast;Sender");
  expect(await refused.json()).toEqual({ __type: "ns#TooFast", message: "Slow down.", Why: ["x"] });
  const failed = await post("{}");
  expect(failed.status).toBe(500);
  expect(await failed.json()).toMatchObject({ __type: "InternalServerError" });
});

test("close waits for the request at hand, then takes no more", async () => {
  const begun = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const { server, post } = await start({
    handle: async () => {
      begun.resolve();
      await go.promise;
      return { done: true };
    },
  });
  const answer = post("{}");
  await begun.promise;
  const closed = server.close();
  go.resolve();
  expect(await (await answer).json()).toEqual({ done: true });
  await closed;
  await expect(fetch(server.url)).rejects.toThrow();
});
