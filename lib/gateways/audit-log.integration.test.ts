import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import type { Actor } from "#lib/contracts/actor.ts";
import { CHAIN_START, checkHead, followChain } from "#lib/domain/audit-chain.ts";
import type { LocalPostgres } from "#lib/local/postgres/server.ts";
import { type AuditLog, AuditUnavailable, createAuditLog } from "./audit-log.ts";
import { type Db, openDb } from "./db.ts";

const ADA: Actor = { id: "ada", name: "Ada 100%", email: "ada@example.com", role: "admin" };
const BEN: Actor = { id: "ben", name: "Ben", email: null, role: "operator" };

let postgres: LocalPostgres;
let admin: pg.Client;
let db: Db;
let audit: AuditLog;

beforeAll(async () => {
  postgres = await startPostgresOnly();
  admin = new pg.Client({ connectionString: postgres.adminUrl, connectionTimeoutMillis: 5_000, query_timeout: 10_000 });
  await admin.connect();
  db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test", poolSize: 8 });
  audit = createAuditLog({ db, queue: "q.fifo" });
});
afterAll(async () => {
  await db?.$disconnect();
  await admin?.end();
  await postgres?.close();
});
beforeEach(async () => {
  await admin.query("TRUNCATE audit, audit_head");
});

let ids = 0;
const actId = () => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, "0")}`;
const event = (actor: Actor, target: string) => audit.event({ actId: actId(), actor, action: "drain.rate", target }, { outcome: "done" });
const walk = async () => followChain(CHAIN_START, await audit.rowsAfter(0, 10_000));

test("what is written comes back as one act, and the chain over it is whole", async () => {
  const id = actId();
  const intent = { actId: id, actor: ADA, action: "drain.rate" as const, target: "q.fifo", reason: "Größe 😀, \"quoted\"", asked: { rate: 5 }, before: { rate: 1, odd: "a\u0000b\ud800" } };
  await audit.intent(intent);
  expect(await audit.acts({}, { limit: 10 })).toMatchObject([{ id, outcome: null, endedAt: null, after: null }]);
  await audit.outcome(intent, { outcome: "done", after: { rate: 5 } });
  const [act, ...others] = await audit.acts({}, { limit: 10 });
  expect(others).toEqual([]);
  expect(act).toMatchObject({
    id,
    action: "drain.rate",
    actor: { id: "ada", name: "Ada 100%", email: "ada@example.com", role: "admin" },
    target: "q.fifo",
    reason: intent.reason,
    asked: '{"rate":5}',
    before: '{"rate":1,"odd":"a\\u0000b\\ud800"}',
    after: '{"rate":5}',
    outcome: "done",
    links: { first: { seq: 1 }, outcome: { seq: 2, prevHash: act?.links.first.hash } },
  });
  const { position, fault } = await walk();
  expect(fault).toBeNull();
  expect(checkHead(position, await audit.head())).toBeNull();
});

test("texts that Postgres could not hold, or that are too long, are kept as far as they can be", async () => {
  await audit.event({ actId: actId(), actor: { ...ADA, name: "a\0b".padEnd(1_000, "x") }, action: "drain.rate", reason: "\ud800", asked: { text: "y".repeat(100_000) } }, { outcome: "failed", error: "z".repeat(5_000) });
  const [act] = await audit.acts({}, { limit: 1 });
  expect(act?.actor.name).toHaveLength(320);
  expect(act?.actor.name.startsWith("a\uFFFDbx")).toBe(true);
  expect(act?.reason).toBe("\uFFFD");
  expect(JSON.parse(act?.asked ?? "")).toMatchObject({ tooLong: true });
  expect(act?.error).toHaveLength(1_000);
  expect((await walk()).fault).toBeNull();
});

test("writers of several processes at once keep one chain without a gap", async () => {
  const other = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "other", poolSize: 8 });
  try {
    const theirs = createAuditLog({ db: other, queue: "other.fifo" });
    const jobs = Array.from({ length: 120 }, (_, index) => (index % 2 === 0 ? audit : theirs).event({ actId: actId(), actor: BEN, action: "drain.rate", target: String(index) }, { outcome: "done" }));
    await Promise.all(jobs);
  } finally {
    await other.$disconnect();
  }
  const { position, fault } = await walk();
  expect(fault).toBeNull();
  expect(position.seq).toBe(120);
  expect(checkHead(position, await audit.head())).toBeNull();
  expect(await audit.acts({}, { limit: 200 })).toHaveLength(60);
});

test("a writer that is rolled back leaves no gap", async () => {
  await event(ADA, "1");
  await admin.query("BEGIN");
  await admin.query(`INSERT INTO audit (kind, act_id, queue, actor_id, actor_name, actor_role, action, outcome) VALUES ('event', gen_random_uuid(), 'q', 'a', 'a', 'admin', 'x.y', 'done')`);
  const waiting = event(ADA, "2");
  await admin.query("ROLLBACK");
  await waiting;
  expect(await walk()).toMatchObject({ position: { seq: 2 }, fault: null });
});

test("what an insert says of its place and its time is overwritten", async () => {
  await event(ADA, "1");
  await admin.query(`INSERT INTO audit (seq, prev_hash, hash, at, kind, act_id, queue, actor_id, actor_name, actor_role, action, outcome)
    VALUES (99, 'x', 'y', '2020-01-01', 'event', gen_random_uuid(), 'q', 'a', 'a', 'admin', 'x.y', 'done')`);
  const { position, fault } = await walk();
  expect(fault).toBeNull();
  expect(position.seq).toBe(2);
  expect((await audit.rowsAfter(1, 1))[0]?.at.getTime()).toBeGreaterThan(Date.parse("2026-01-01"));
});

describe("what an owner of the database does behind the log's back shows", () => {
  beforeEach(async () => {
    for (const target of ["1", "2", "3", "4", "5"]) await event(ADA, target);
  });

  test.each([
    ["a changed row", "UPDATE audit SET actor_name = 'Eve' WHERE seq = 3", { seq: 3, what: "changed" }],
    ["a changed time", "UPDATE audit SET at = at - interval '1 hour' WHERE seq = 2", { seq: 2, what: "changed" }],
    ["a row taken out", "DELETE FROM audit WHERE seq = 4", { seq: 4, what: "missing" }],
    ["the first rows taken out", "DELETE FROM audit WHERE seq <= 2", { seq: 1, what: "missing" }],
  ])("%s", async (_, sql, fault) => {
    await admin.query(sql);
    expect((await walk()).fault).toMatchObject(fault);
  });

  test("rows cut off the end", async () => {
    await admin.query("DELETE FROM audit WHERE seq >= 4");
    const { position, fault } = await walk();
    expect(fault).toBeNull();
    expect(checkHead(position, await audit.head())).toMatchObject({ seq: 4, what: "missing" });
  });

  test("a head set back: nothing more can be written over the rows that stand", async () => {
    await admin.query("UPDATE audit_head SET seq = 2");
    await expect(event(ADA, "6")).rejects.toThrow();
    await expect(audit.intent({ actId: actId(), actor: ADA, action: "drain.rate" })).rejects.toBeInstanceOf(AuditUnavailable);
  });
});

describe("listing", () => {
  test("by who, what, outcome and when; newest first, in pages", async () => {
    await event(ADA, "1");
    const half = { actId: actId(), actor: BEN, action: "drain.pause" as const, target: "2" };
    await audit.intent(half);
    const refused = { actId: actId(), actor: BEN, action: "redrive.start" as const, target: "3" };
    await audit.intent(refused);
    await audit.outcome(refused, { outcome: "refused" });
    const targets = async (filter: Parameters<AuditLog["acts"]>[0]) => (await audit.acts(filter, { limit: 10 })).map(({ target }) => target);
    expect(await targets({})).toEqual(["3", "2", "1"]);
    expect(await targets({ who: "ben" })).toEqual(["3", "2"]);
    expect(await targets({ who: "EXAMPLE.com" })).toEqual(["1"]);
    expect(await targets({ who: "100%" })).toEqual(["1"]);
    expect(await targets({ who: "%" })).toEqual(["1"]);
    expect(await targets({ who: "_" })).toEqual([]);
    expect(await targets({ actions: ["drain.pause", "drain.rate"] })).toEqual(["2", "1"]);
    expect(await targets({ outcome: "refused" })).toEqual(["3"]);
    expect(await targets({ outcome: "done" })).toEqual(["1"]);
    expect(await targets({ outcome: "none" })).toEqual(["2"]);
    expect(await targets({ to: new Date(0) })).toEqual([]);
    expect(await targets({ from: new Date(0) })).toHaveLength(3);
    expect(await targets({ id: half.actId })).toEqual(["2"]);
    const [first] = await audit.acts({}, { limit: 1 });
    expect((await audit.acts({}, { limit: 1, before: first?.links.first.seq })).map(({ target }) => target)).toEqual(["2"]);
  });

  test("another queue's acts are not listed, and are in the chain", async () => {
    await createAuditLog({ db, queue: "other.fifo" }).event({ actId: actId(), actor: ADA, action: "drain.rate" }, { outcome: "done" });
    expect(await audit.acts({}, { limit: 10 })).toEqual([]);
    expect((await walk()).position.seq).toBe(1);
  });
});

test("while Postgres is away nothing may be done", async () => {
  const away = openDb({ databaseUrl: "postgresql://nobody@127.0.0.1:1/none", applicationName: "test" });
  await expect(createAuditLog({ db: away, queue: "q" }).intent({ actId: actId(), actor: ADA, action: "drain.rate" })).rejects.toBeInstanceOf(AuditUnavailable);
  await away.$disconnect();
});
