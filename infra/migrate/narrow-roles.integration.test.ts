import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deathFacts, dyingMessage, openDeadLetters } from "#infra/testing/dead-letters.ts";
import { type NarrowPart, narrowLogins } from "#infra/testing/narrow-logins.ts";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { newApiKey } from "#lib/domain/api-key.ts";
import { createApiKeys } from "#lib/gateways/api-keys.ts";
import { createAuditLog } from "#lib/gateways/audit-log.ts";
import { createDrainModes } from "#lib/gateways/drain-modes.ts";
import { createDrainStore } from "#lib/gateways/drain-store.ts";
import { createIngestSamples } from "#lib/gateways/ingest-samples.ts";
import { createReadShares } from "#lib/gateways/read-shares.ts";
import { createUserProgress } from "#lib/gateways/user-progress.ts";
import { createWorkerRegistry } from "#lib/gateways/worker-registry.ts";
import type { LocalPostgres } from "#lib/local/postgres/server.ts";

/** Each part of the product does what it does with the rights of its own role, and can do no more. */
const queue = "activities.fifo";
const LONG_AGO = new Date(0);
const LATER = new Date("2100-01-01");

let postgres: LocalPostgres;
let urls: Record<NarrowPart, string>;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  postgres = await startPostgresOnly();
  urls = await narrowLogins(postgres);
});
afterAll(async () => {
  await Promise.all(closing.map((close) => close()));
  await postgres?.close();
});

function as(part: NarrowPart) {
  const stores = openDeadLetters({ databaseUrl: urls[part], queue });
  const { db } = stores;
  closing.push(stores.close);
  return {
    ...stores,
    drain: createDrainStore({ db, queue }),
    modes: createDrainModes({ db, queue }),
    registry: createWorkerRegistry({ db, queue }),
    samples: createIngestSamples({ db, queue }),
    progress: createUserProgress({ db, queue }),
    keys: createApiKeys({ db, queue }),
    audit: createAuditLog({ db, queue }),
  };
}
const report = (writer: string) => ({ writer, flush: 1, lost: 0, ended: false });
const denied = (act: Promise<unknown>) => expect(act).rejects.toThrow(/permission denied/);
const by = (expectedVersion: number) => ({ actor: "ada", reason: "test", expectedVersion });
const runOf = (id: string, runId = randomUUID()) => ({ runId, deathIds: [id], actor: "ada", reason: "test" });

test("the worker drains, fails, dies, sweeps and redrives", async () => {
  const worker = as("worker");
  await worker.drain.ensure();
  expect(await worker.drain.lease({ costWriteUnits: 1, leadMs: 100 })).toMatchObject({ granted: true });
  await worker.drain.setProvisioned({ writeUnits: 200 });
  await worker.drain.throttled();
  await worker.drain.history({ from: LONG_AGO, to: LATER });
  await worker.modes.setComputed({ mode: "auto", version: 1, rateWcuPerSecond: 5, goalState: null, neededWcuPerSecond: null });
  await worker.registry.prune({ before: LONG_AGO });
  await worker.samples.perSecond({ from: LONG_AGO, to: LATER });
  await worker.samples.prune({ before: LONG_AGO });
  await worker.progress.reportPassed(report("w"), [{ userHash: "u", through: { sequence: "7", sentAt: LONG_AGO }, passed: 1, stored: 1, failed: 0, dead: 0 }]);
  await worker.progress.toHeal();
  await worker.progress.heal({ before: LATER, limit: 10 });
  await worker.progress.healLosses({ before: LONG_AGO });
  await worker.progress.prune({ olderThanSeconds: 3_600, after: "", limit: 10 });
  expect(await worker.lease.acquire({ duty: "sweeper", holder: "w", leaseMs: 1_000 })).toBe("held");
  await worker.lease.release({ duty: "sweeper", holder: "w" });

  const message = dyingMessage();
  await worker.failing.start(message, { worker: "w", aloneFromMarks: 2 });
  await worker.failing.unmark([message.messageId]);
  await worker.failing.clear([message.messageId]);
  await worker.failing.prune();
  const { death } = await worker.ledger.decide(deathFacts(message));
  await worker.ledger.recordCopy({ id: death.id, dlqMessageId: "copy" });
  await as("web").runs.create(runOf(death.id));
  const [item] = await worker.runs.pending({ limit: 10 });
  expect(item?.deathId).toBe(death.id);
  await worker.runs.markSent([{ runId: item?.runId ?? "", deathId: death.id, messageId: "m" }]);
  expect(await worker.ledger.resolveStored(death.id)).toBe("resolved");
  await worker.ledger.markSwept([death.id]);
  await worker.ledger.markVanished({ hiddenSeconds: 1 });

  await denied(worker.keys.list({ endedLimit: 1 }));
  await denied(worker.audit.acts({}, { limit: 1 }));
  await denied(worker.db.$queryRaw`SELECT 1 FROM person`);
  const { death: another } = await worker.ledger.decide(deathFacts());
  await denied(worker.runs.create(runOf(another.id)));
});

test("the public API counts, divides what it may read, and reads keys; it can make none", async () => {
  const api = as("publicApi");
  await api.samples.add([{ processId: "p", second: new Date("2026-01-31T12:00:00Z"), accepted: 1, refused: 0, unknown: 0 }]);
  await api.progress.reportAccepted(report("api"), [{ userHash: "u", sequence: "9", at: LONG_AGO, count: 2 }]);
  await api.progress.waitingAtLeast({ waiting: 1, limit: 10 });
  await denied(api.progress.prune({ olderThanSeconds: 3_600, after: "", limit: 10 }));
  await api.keys.active();
  await api.keys.markUsed([{ id: "nobody", usedAgoMs: 1 }]);
  const shares = createReadShares({ db: api.db, queue: "q", budget: "open-api" });
  expect((await shares.renew({ holder: "p", address: "here", inUse: 0, lifeMs: 1_000, first: true, leastPart: 0, turnMs: 0 })).part).toBe(1);
  await shares.release("p");
  const made = newApiKey();
  await denied(api.keys.insert({ id: made.id, hash: made.hash, name: "mine", scopes: ["read"], createdBy: "me", lifetimeSeconds: null }));
  await denied(api.db.$executeRaw`UPDATE api_key SET scopes = '{ingest,read}', revoked_at = NULL`);
  await denied(api.drain.read());
  await denied(api.ledger.counts());
  await denied(api.audit.acts({}, { limit: 1 }));
  await denied(api.db.$queryRaw`SELECT 1 FROM person_session`);
});

test("the dashboard reads all, and acts on dial, keys and redrives; it is no worker", async () => {
  const web = as("web");
  await web.drain.ensure();
  const { version } = await web.drain.read();
  await web.drain.change({ rateWcuPerSecond: 100, ...by(version) });
  expect(await web.modes.pause(by(version + 1))).toBe("done");
  expect(await web.modes.resume(by(version + 2))).toBe("done");
  await web.registry.list({ seenSince: LONG_AGO });
  await web.registry.samples({ from: LONG_AGO, to: LATER });
  await web.samples.perSecond({ from: LONG_AGO, to: LATER });
  await web.progress.top({ by: "backlog", limit: 10 });
  await web.progress.ofUser("u");
  await web.progress.lostAt();
  await denied(web.progress.reportAccepted(report("web"), []));
  await web.ledger.counts();
  await web.ledger.page({ status: null, user: null, after: null, limit: 10 });
  await web.ledger.failing({ limit: 10 });
  expect(await web.runs.latest({ limit: 1 })).toBeDefined();
  const { id, hash } = newApiKey();
  expect(await web.keys.insert({ id, hash, name: "shop", scopes: ["ingest"], createdBy: "ada", lifetimeSeconds: null })).toMatchObject({ outcome: "created" });
  expect(await web.keys.revoke({ id, by: "ada" })).toMatchObject({ outcome: "revoked" });
  await web.audit.event({ actId: randomUUID(), actor: { id: "ada", name: "Ada", email: null, role: "admin" }, action: "drain.rate" }, { outcome: "done" });
  await web.audit.head();
  expect(await web.audit.isProtected()).toBe(true);
  await denied(web.db.$executeRaw`DELETE FROM audit`);
  await denied(web.db.$executeRaw`DELETE FROM death`);
  await denied(web.failing.prune());
  await denied(web.samples.prune({ before: LONG_AGO }));
});
