import { Client } from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { testPeople } from "#infra/testing/people.ts";
import { type RestartablePostgres, startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { createAuditLog } from "#lib/gateways/audit-log.ts";
import { readSession } from "./session.ts";
import { signOut } from "./sign-out.ts";

let postgres: RestartablePostgres;
let given: ReturnType<typeof testPeople>;
beforeAll(async () => {
  postgres = await startPostgresOnly();
  given = testPeople({ databaseUrl: postgres.databaseUrl });
});
afterAll(async () => {
  await given?.close();
  await postgres?.close();
});

async function somebody(email: string) {
  const id = await given.person({ email });
  const headers = await given.signIn(email);
  const read = () => readSession({ ctx: given.sessions, headers, used: false });
  const session = await read();
  if (session === null) throw new Error("nobody is signed in");
  const audited = () => given.db.audit.findMany({ where: { actorId: id } });
  return { session, read, audited, leave: () => signOut({ ctx: { people: given.people, audit: createAuditLog({ db: given.db, queue: "test.fifo" }) }, session }) };
}

test("the session is over, and the audit log tells of it", async () => {
  const { read, leave, audited } = await somebody("leaver@example.com");
  await leave();
  expect(await read()).toBeNull();
  expect(await audited()).toMatchObject([{ kind: "event", action: "session.sign_out", outcome: "done", actorEmail: "leaver@example.com" }]);
});

test("who wants to leave may also while the audit log cannot be written, and that is logged", async () => {
  const { read, leave, audited } = await somebody("trapped@example.com");
  const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const owner = new Client({ connectionString: postgres.migrateUrl });
  await owner.connect();
  await owner.query("ALTER TABLE audit RENAME TO audit_away");
  try {
    await leave();
    expect(await read()).toBeNull();
  } finally {
    await owner.query("ALTER TABLE audit_away RENAME TO audit");
    await owner.end();
  }
  const lines = written.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
  vi.restoreAllMocks();
  expect(lines).toMatchObject([{ level: "error", event: "audit_event_unwritten", action: "session.sign_out", outcome: "done" }]);
  expect(await audited()).toEqual([]);
});
