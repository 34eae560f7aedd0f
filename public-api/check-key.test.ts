import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { ingestProblemSchema } from "#lib/contracts/ingest.ts";
import type { ApiKeyScope } from "#lib/contracts/api-keys.ts";
import { newApiKey } from "#lib/domain/api-key.ts";
import { createKeyRing } from "#lib/services/api-keys/key-ring.ts";
import { createAdmission } from "./admission.ts";
import { createLog } from "./log.ts";
import { PUBLIC_API_ROUTES } from "./routes.ts";
import { createPublicApi, type PublicApi } from "./server.ts";

const BODY = '{"id":"a","userId":"u","type":"t","occurredAt":"2026-01-31T12:00:00Z"}';

let api: PublicApi | undefined;
afterEach(async () => {
  await api?.stop(0);
  api = undefined;
});

/** The API over a real ring of keys; `submitted` counts what got past it. */
async function start() {
  const made = (scopes: ApiKeyScope[]) => ({ ...newApiKey(), scopes });
  const keys = { ingest: made(["ingest"]), read: made(["read"]), expired: made(["ingest"]), gone: made(["ingest"]) };
  const rows = [keys.ingest, keys.read, keys.expired].map(({ id, hash, scopes }) => ({ id, hash, scopes, expiresInMs: id === keys.expired.id ? 0 : null }));
  let away = false;
  let submitted = 0;
  const logged: string[] = [];
  const ring = createKeyRing({
    keys: { active: () => (away ? Promise.reject(new Error("away")) : Promise.resolve(rows)), markUsed: () => Promise.resolve() },
    clock: { now: () => performance.now(), after: () => () => undefined },
    maxAgeMs: 60_000,
    report: () => undefined,
  });
  api = createPublicApi({
    ctx: {
      batcher: {
        submit(messages) {
          submitted += messages.length;
          return Promise.resolve(messages.map(() => ({ status: "accepted", sequenceNumber: "1", outOfOrder: false })));
        },
      },
      now: Date.now,
      deadlineMs: 1_000,
      admission: createAdmission({ maxRequests: 10, maxBytes: 10_000_000 }),
      count: () => undefined,
    },
    authenticate: ring.authenticate,
    log: createLog((line) => logged.push(line)),
  });
  await once(api.server.listen(0, "127.0.0.1"), "listening");
  const { port } = api.server.address() as AddressInfo;
  const ask = (authorization: string | null, { path = "/v1/activities", method = "POST" }: { path?: string; method?: string } = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { "Content-Type": "application/json", ...(authorization !== null && { Authorization: authorization }) },
      ...(method === "POST" && { body: BODY }),
    });
  return {
    ring,
    keys,
    port,
    ask,
    logged,
    submitted: () => submitted,
    setAway: (is: boolean) => {
      away = is;
    },
  };
}

const bearer = ({ key }: { key: string }) => `Bearer ${key}`;
/** None, garbage, cut, unknown, revoked, expired, and one key's id with another's secret. */
const badHeaders = ({ ingest, read, expired, gone }: Record<"ingest" | "read" | "expired" | "gone", { id: string; key: string }>) => [
  null,
  "",
  "Bearer",
  "Basic dTpw",
  ingest.key,
  `Bearer ${ingest.key.slice(0, -1)}`,
  bearer(newApiKey()),
  bearer(gone),
  bearer(expired),
  `Bearer sw_live_${ingest.id}_${read.key.slice(-43)}`,
];

describe("the public API without a good key", () => {
  it("answers one and the same 401, whatever is wrong with it, and takes nothing", async () => {
    const { ring, keys, ask, submitted, logged } = await start();
    await ring.start();
    const answers = await Promise.all(
      badHeaders(keys).map(async (header) => {
        const answer = await ask(header);
        return { status: answer.status, challenge: answer.headers.get("www-authenticate"), caching: answer.headers.get("cache-control"), text: await answer.text() };
      }),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 401, challenge: 'Bearer realm="spillway"', caching: "no-store" });
    expect(ingestProblemSchema.parse(JSON.parse(answers[0]?.text ?? ""))).toMatchObject({ status: 401, code: "unauthorized" });
    expect(submitted()).toBe(0);
    expect(logged).toEqual([]);
  });

  it("is refused before its body is read or asked for", async () => {
    const { ring, port } = await start();
    await ring.start();
    const socket = connect(port, "127.0.0.1");
    socket.write("POST /v1/activities HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /);
    socket.destroy();
  });

  it("learns nothing of what there is: every address below /v1 is 401, also one that does not exist", async () => {
    const { ring, keys, ask } = await start();
    await ring.start();
    for (const path of ["/v1/activities", "/v1/nothing", "/v1/"]) {
      for (const method of ["GET", "PUT", "DELETE"]) expect([path, method, (await ask(null, { path, method })).status]).toEqual([path, method, 401]);
    }
    expect((await ask(bearer(keys.read), { path: "/v1/nothing" })).status).toBe(404);
    expect((await ask(bearer(keys.read), { method: "GET" })).status).toBe(405);
    expect((await ask(null, { path: "/healthz", method: "GET" })).status).toBe(200);
    expect((await ask(null, { path: "/", method: "GET" })).status).toBe(404);
  });

  it("is refused by every route that has a scope, and so is a key of another scope", async () => {
    const { ring, keys, ask } = await start();
    await ring.start();
    for (const { path, methods, scope, ...more } of Object.values(PUBLIC_API_ROUTES)) {
      for (const method of methods) {
        for (const header of badHeaders(keys)) expect([path, method, header, (await ask(header, { path, method })).status]).toEqual([path, method, header, scope === null ? 200 : 401]);
        if ("keyIn" in more) continue;
        const others = [keys.ingest, keys.read].filter(({ scopes }) => scope !== null && !scopes.includes(scope));
        for (const key of others) expect([path, method, (await ask(bearer(key), { path, method })).status]).toEqual([path, method, 403]);
      }
    }
  });
});

describe("the public API with a key", () => {
  it("takes one of the scope, and tells one of another scope what it lacks", async () => {
    const { ring, keys, ask, submitted } = await start();
    await ring.start();
    expect((await ask(bearer(keys.ingest))).status).toBe(202);
    const refused = await ask(bearer(keys.read));
    expect(refused.headers.get("www-authenticate")).toBe('Bearer realm="spillway", error="insufficient_scope", scope="ingest"');
    expect(ingestProblemSchema.parse(await refused.json())).toMatchObject({ status: 403, code: "insufficient_scope" });
    expect(submitted()).toBe(1);
  });

  it("says 503 and when to come again where it has never been able to read the keys", async () => {
    const { ring, keys, ask, setAway } = await start();
    setAway(true);
    await ring.start();
    const answer = await ask(bearer(keys.ingest));
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(ingestProblemSchema.parse(await answer.json())).toMatchObject({ status: 503, code: "keys_unavailable" });
  });
});

it("writes no key into its log, also where an error's text holds one", () => {
  const lines: string[] = [];
  const { key, id } = newApiKey();
  createLog((line) => lines.push(line))("error", "request_failed", { error: `header ${key} was odd`, nested: { key } });
  expect(lines.join("")).not.toContain(key.slice(-43));
  expect(lines.join("")).toContain(id);
});
