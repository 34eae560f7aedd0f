import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { TEST_PASSWORD, TEST_SCRIPT, testPeople } from "#infra/testing/people.ts";
import { type RestartablePostgres, startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { changePasswordRequestSchema } from "#lib/contracts/people.ts";
import { newLinkToken } from "#lib/domain/link-token.ts";
import { changePassword } from "./change-password.ts";
import { createHashingTurns, HASHING_RETRY_SECONDS } from "./hashing-turns.ts";
import { readSession } from "./session.ts";
import { signIn } from "./sign-in.ts";

const NEXT = "another password of many letters";
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

let count = 0;
const client = { address: "198.51.100.77", userAgent: "test" };
const read = (headers: Headers) => readSession({ ctx: given.sessions, headers, used: false });
async function somebody() {
  const email = `changer-${(count += 1)}@example.com`;
  const id = await given.person({ email });
  const headers = await given.signIn(email);
  const session = await read(headers);
  if (session === null) throw new Error("nobody is signed in");
  const ask = (current: string, next = NEXT, over = {}) => changePassword({ ctx: { ...given.signInContext, ...over }, session, input: { current, next }, client });
  const enters = async (password: string) => (await signIn({ ctx: given.signInContext, input: { email, password }, client: { address: `203.0.113.${(count += 1)}`, userAgent: null } })).outcome;
  const audited = () => given.db.audit.findMany({ where: { action: "person.change_password", target: email }, orderBy: { seq: "asc" } });
  return { id, email, headers, session, ask, enters, audited };
}

describe("a person's own password", () => {
  test("is another one; this session stays, all others and an unused link end, and the audit log tells of it", async () => {
    const { id, email, headers, ask, enters, audited } = await somebody();
    const elsewhere = await given.signIn(email);
    await given.people.newLink({ id, tokenHash: newLinkToken().hash, by: TEST_SCRIPT });
    expect(await ask(TEST_PASSWORD)).toEqual({ outcome: "changed", ended: 1 });
    expect(await read(headers)).not.toBeNull();
    expect(await read(elsewhere)).toBeNull();
    expect(await given.db.personLink.count({ where: { personId: id } })).toBe(0);
    expect(await enters(TEST_PASSWORD)).toBe("refused");
    expect(await enters(NEXT)).toBe("signed_in");
    const rows = await audited();
    expect(rows).toMatchObject([
      { kind: "intent", actorId: id, asked: JSON.stringify({ from: client.address }) },
      { kind: "outcome", outcome: "done", after: JSON.stringify({ sessionsEnded: 1 }) },
    ]);
    expect(JSON.stringify(rows.map(({ asked, before, after }) => [asked, before, after]))).not.toMatch(/password of many|battery/);
  });

  test("stays with a wrong current one, and that is written down as refused", async () => {
    const { ask, enters, audited } = await somebody();
    expect(await ask("not the password at all")).toEqual({ outcome: "wrong_password" });
    expect(await enters(TEST_PASSWORD)).toBe("signed_in");
    expect(await audited()).toMatchObject([{ kind: "intent" }, { kind: "outcome", outcome: "refused", error: "wrong_password" }]);
  });

  test("is guessed no faster here than at the sign-in: both count together", async () => {
    const { ask, enters, audited } = await somebody();
    for (let n = 0; n < 6; n += 1) expect(await ask("not the password at all")).toEqual({ outcome: "wrong_password" });
    expect(await ask(TEST_PASSWORD)).toMatchObject({ outcome: "later" });
    expect(await enters(TEST_PASSWORD)).toBe("later");
    // Nothing was looked at, so nothing is written.
    expect(await audited()).toHaveLength(12);
    given.pass(60_000);
    expect(await ask(TEST_PASSWORD)).toMatchObject({ outcome: "changed" });
  });

  test("waits its turn with all that hash passwords", async () => {
    const { ask } = await somebody();
    const hashing = createHashingTurns({ atOnce: 1, waiting: 0 });
    const end = Promise.withResolvers<void>();
    const taken = hashing.run(() => end.promise);
    expect(await ask(TEST_PASSWORD, NEXT, { hashing })).toEqual({ outcome: "busy", retryInSeconds: HASHING_RETRY_SECONDS });
    end.resolve();
    await taken;
  });

  test("is nothing that somebody without one has", async () => {
    const { id, ask } = await somebody();
    await given.db.signInAccount.updateMany({ where: { userId: id }, data: { password: null } });
    expect(await ask(TEST_PASSWORD)).toEqual({ outcome: "no_password" });
    expect((await given.people.find(id))?.hasPassword).toBe(false);
  });

  test.each([
    ["the session was ended", ({ id }: { id: string }) => given.people.endSessions({ personId: id, sessionId: null, by: TEST_SCRIPT })],
    ["the person was disabled", ({ id }: { id: string }) => given.db.person.update({ where: { id }, data: { disabledAt: new Date() } })],
    ["another password was set", ({ id }: { id: string }) => given.db.signInAccount.updateMany({ where: { userId: id }, data: { password: "another:hash" } })],
  ])("stays where %s while the current one was looked at", async (_, meanwhile) => {
    const person = await somebody();
    const before = await given.people.passwordHash(person.id);
    const { password } = await given.auth.$context;
    const { hash } = password;
    vi.spyOn(password, "hash").mockImplementation(async (text) => {
      await meanwhile(person);
      return hash(text);
    });
    expect(await person.ask(TEST_PASSWORD)).toEqual({ outcome: "overtaken" });
    vi.restoreAllMocks();
    expect([before, "another:hash"]).toContain(await given.people.passwordHash(person.id));
  });

  test("is at least as long as any, and not the one there is", () => {
    expect(changePasswordRequestSchema.safeParse({ current: TEST_PASSWORD, next: NEXT }).success).toBe(true);
    for (const next of ["too short", TEST_PASSWORD]) expect(changePasswordRequestSchema.safeParse({ current: TEST_PASSWORD, next }).success).toBe(false);
  });
});
