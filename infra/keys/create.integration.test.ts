import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureLocalKey, localKeyFile, readLocalKey } from "#infra/start/local-key.ts";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { localEnvironment } from "#lib/config/local.ts";
import { apiKeyHash } from "#lib/domain/api-key.ts";
import { createApiKeys } from "#lib/gateways/api-keys.ts";
import { createAuditLog } from "#lib/gateways/audit-log.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";

const QUEUE = "activities.fifo";

let postgres: Awaited<ReturnType<typeof startPostgresOnly>>;
let db: Db;
let directory: string;
beforeAll(async () => {
  postgres = await startPostgresOnly();
  db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test", poolSize: 2 });
  directory = await mkdtemp(join(tmpdir(), "spillway-keys-"));
});
afterAll(async () => {
  await db?.$disconnect();
  await postgres?.close();
  await rm(directory, { recursive: true, force: true });
});

const keys = () => createApiKeys({ db, queue: QUEUE });
const acts = async () => (await createAuditLog({ db, queue: QUEUE }).acts({}, { limit: 100 })).map(({ action, target, outcome, actor }) => ({ action, target, outcome, by: actor.role }));

async function keyCreate(args: string[], env: Record<string, string> = {}) {
  const away = "http://127.0.0.1:1";
  const queueUrl = `${away}/000000000000/${QUEUE}`;
  const places = localEnvironment({ databaseUrl: postgres.databaseUrl, sqsUrl: away, dynamodbUrl: away, cloudwatchUrl: away, queueUrl, deadLetterQueueUrl: queueUrl });
  const child = spawn(process.execPath, ["infra/keys/create.ts", ...args], { env: { NODE_ENV: "test", ...places, ...env } });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk: Buffer) => {
      said[stream] += chunk.toString();
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...said };
}

describe("npm run key:create", () => {
  it("makes a key that opens, prints it once, and is in the audit log", async () => {
    const { code, stdout, stderr } = await keyCreate(["--name", "shop", "--scope", "ingest", "--expires", "90d"]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("expires 20")]);
    const key = stdout.trim();
    expect(key).toMatch(/^sw_live_\w{12}_\w{43}$/);
    expect(stderr).not.toContain(key);
    const [active] = await keys().active();
    expect(active).toMatchObject({ hash: apiKeyHash(key), scopes: ["ingest"] });
    expect(await acts()).toEqual([{ action: "key.create", target: active?.id, outcome: "done", by: "script" }]);
    expect(JSON.stringify(await createAuditLog({ db, queue: QUEUE }).acts({}, { limit: 9 }))).not.toContain(key.slice(-43));
  });

  it("prints one JSON object when asked to, and no third key of a name", async () => {
    const { code, stdout } = await keyCreate(["--name", "shop", "--scope", "read", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ key: expect.stringMatching(/^sw_live_/), name: "shop", scopes: ["read"], expiresAt: null, queue: QUEUE });
    const third = await keyCreate(["--name", "shop", "--scope", "ingest", "--json"]);
    expect(third).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining('2 live keys are named "shop"') });
    expect(await acts()).toContainEqual(expect.objectContaining({ outcome: "refused" }));
  });

  it("says in one line what is wrong, and makes nothing that it cannot audit", async () => {
    expect(await keyCreate(["--name", "shop"])).toMatchObject({ code: 64, stdout: "", stderr: expect.stringMatching(/^--scope .*\n$/) });
    const nowhere = await keyCreate(["--name", "x", "--scope", "read"], { ACTIVITY_QUEUE_URL: "", DATABASE_URL: "", ACTIVITY_DLQ_URL: "", ACTIVITY_TABLE: "", SPILLWAY_STATE_DIR: directory });
    expect(nowhere).toMatchObject({ code: 78, stdout: "", stderr: expect.stringMatching(/^Nothing runs here yet.*\n$/) });
    const away = await keyCreate(["--name", "x", "--scope", "read"], { DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none" });
    expect(away).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/^No key was made: the audit log .*\n$/) });
  });
});

describe("the local start's key", () => {
  const ensure = () => ensureLocalKey({ databaseUrl: postgres.databaseUrl, queue: QUEUE, stateDirectory: directory });
  const local = async () => (await keys().list({ endedLimit: 0 })).items.filter(({ name }) => name === "local").map(({ id }) => id);

  it("is made once, and is for its user's eyes only", async () => {
    await ensure();
    const key = await readLocalKey(directory);
    expect((await stat(localKeyFile(directory))).mode & 0o777).toBe(0o600);
    expect((await keys().active()).map(({ hash }) => hash)).toContain(apiKeyHash(key ?? ""));
    await ensure();
    expect(await readLocalKey(directory)).toBe(key);
    expect(await local()).toHaveLength(1);
  });

  it("is made anew where its file is gone or of no use, and the old one ends", async () => {
    const [first] = await local();
    await rm(localKeyFile(directory));
    await ensure();
    const [second, ...more] = await local();
    expect(more).toEqual([]);
    expect(second).not.toBe(first);
    await keys().revoke({ id: second ?? "", by: "Ada" });
    await ensure();
    expect(await local()).not.toContain(second);
    await writeFile(localKeyFile(directory), "spoilt");
    await ensure();
    expect(await readFile(localKeyFile(directory), "utf8")).toMatch(/^sw_live_\w{12}_\w{43}\n$/);
    expect(await local()).toHaveLength(1);
  });
});
