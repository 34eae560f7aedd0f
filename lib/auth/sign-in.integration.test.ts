import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { cookiesOf, TEST_PASSWORD, TEST_SCRIPT, testPeople } from "#infra/testing/people.ts";
import { type RestartablePostgres, startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { linkTokenHash, newLinkToken } from "#lib/domain/link-token.ts";
import { createHashingTurns, HASHING_RETRY_SECONDS } from "./hashing-turns.ts";
import { readSession } from "./session.ts";
import { redeemLink, signIn, signInAsDemo, type SignInOutcome } from "./sign-in.ts";

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
const from = () => ({ address: `198.51.100.${(count += 1)}`, userAgent: "test" });
const enter = (email: string, password = TEST_PASSWORD, client = from()) => signIn({ ctx: given.signInContext, input: { email, password }, client });
const whoseCookies = async (outcome: SignInOutcome) => {
  if (outcome.outcome !== "signed_in") return null;
  const headers = new Headers();
  for (const cookie of outcome.cookies) headers.append("set-cookie", cookie);
  return (await readSession({ ctx: given.sessions, headers: new Headers({ cookie: cookiesOf(headers) }), used: false }))?.actor.email ?? null;
};
/** The log's rows of one e-mail, oldest first. */
const audited = (email: string) => given.db.audit.findMany({ where: { target: email }, orderBy: { seq: "asc" } });

describe("by password", () => {
  test("the right one makes the browser the person's, and both rows of it are in the audit log", async () => {
    const id = await given.person({ email: "ada@example.com", role: "operator" });
    const outcome = await enter("ada@example.com");
    expect(await whoseCookies(outcome)).toBe("ada@example.com");
    expect(await audited("ada@example.com")).toMatchObject([
      { kind: "intent", action: "session.sign_in", actorId: "nobody", actorRole: "nobody" },
      { kind: "outcome", outcome: "done", after: JSON.stringify({ person: id, role: "operator" }) },
    ]);
    expect((await given.people.find(id))?.lastSignInAt).not.toBeNull();
  });

  test.each([
    ["a wrong password", async () => ["wrong@example.com", "not the password at all"] as const],
    ["an unknown e-mail", async () => ["unknown@example.com", TEST_PASSWORD] as const],
    ["a text that is no e-mail", async () => ["unknown", TEST_PASSWORD] as const],
    ["a password longer than any", async () => ["wrong@example.com", "x".repeat(900)] as const],
    ["somebody without a password", async () => ["invited@example.com", TEST_PASSWORD] as const],
    ["somebody disabled", async () => ["disabled@example.com", TEST_PASSWORD] as const],
    ["a demo person", async () => ["admin@demo.invalid", TEST_PASSWORD] as const],
  ])("%s is refused like all others: same answer, at the same step of time", async (_, credentials) => {
    if ((await given.db.person.count({ where: { email: "wrong@example.com" } })) === 0) {
      await given.person({ email: "wrong@example.com" });
      await given.people.invite({ email: "invited@example.com", name: "I", role: "support", tokenHash: "1", by: TEST_SCRIPT });
      await given.db.person.update({ where: { id: await given.person({ email: "disabled@example.com" }) }, data: { disabledAt: new Date() } });
      await given.people.demoPerson({ email: "admin@demo.invalid", name: "Demo admin", role: "admin" });
    }
    const [email, password] = await credentials();
    // A clock of its own: the password's hash takes 150 ms on it, whatever this machine does.
    const times = [1_000, 1_150];
    const waited: number[] = [];
    const ctx = { ...given.signInContext, monotonic: () => times.shift() ?? 0, wait: async (ms: number) => void waited.push(ms) };
    expect(await signIn({ ctx, input: { email, password }, client: from() })).toEqual({ outcome: "refused" });
    expect(waited).toEqual([250]);
    expect(await given.db.personSession.count({ where: { person: { email } } })).toBe(0);
  });

  test("an unknown e-mail costs what a known one does: one password hash of the same kind", async () => {
    await given.person({ email: "costly@example.com" });
    await given.people.invite({ email: "costly-invited@example.com", name: "I", role: "support", tokenHash: "2", by: TEST_SCRIPT });
    const scrypt = vi.spyOn(crypto, "scrypt");
    // Those who import it by name see the spy, and the real one again.
    syncBuiltinESMExports();
    onTestFinished(() => {
      scrypt.mockRestore();
      syncBuiltinESMExports();
    });
    const password = "not the password at all";
    /** What each hash was asked for: the cost lies in its length and its options. */
    const hashes = async (email: string) => {
      scrypt.mockClear();
      expect(await enter(email, password)).toEqual({ outcome: "refused" });
      return scrypt.mock.calls.map(([text, _salt, length, options]) => ({ text, length, options }));
    };
    const known = await hashes("costly@example.com");
    expect(known).toEqual([{ text: password, length: expect.any(Number), options: expect.objectContaining({ N: expect.any(Number) }) }]);
    expect(await hashes("costly-unknown@example.com")).toEqual(known);
    expect(await hashes("costly-invited@example.com")).toEqual(known);
  });

  test("what was typed in the wrong field is not written down", async () => {
    await enter("hunter2-is-my-password");
    expect(await given.db.audit.count({ where: { OR: [{ target: { contains: "hunter2" } }, { actorName: { contains: "hunter2" } }, { asked: { contains: "hunter2" } }] } })).toBe(0);
  });

  test("an account that is tried too often is answered later, also with the right password, and lets its person in after the delay", async () => {
    await given.person({ email: "target@example.com" });
    for (let n = 0; n < 6; n += 1) expect(await enter("target@example.com", "not the password at all")).toEqual({ outcome: "refused" });
    given.pass(1_000);
    await enter("target@example.com", "not the password at all");
    const before = await given.db.audit.count();
    const later = await enter("target@example.com");
    expect(later).toMatchObject({ outcome: "later" });
    // Nothing was looked at, so nothing is written.
    expect(await given.db.audit.count()).toBe(before);
    given.pass(later.outcome === "later" ? later.retryInSeconds * 1_000 : 0);
    expect(await enter("target@example.com")).toMatchObject({ outcome: "signed_in" });
  });

  test("without the audit log nobody comes in", async () => {
    await given.person({ email: "quiet@example.com" });
    const away = { audit: { intent: () => Promise.reject(new Error("away")), outcome: () => Promise.resolve() } };
    await expect(signIn({ ctx: { ...given.signInContext, audit: away }, input: { email: "quiet@example.com", password: TEST_PASSWORD }, client: from() })).rejects.toThrow("away");
    expect(await given.db.personSession.count({ where: { person: { email: "quiet@example.com" } } })).toBe(0);
  });
});

describe("while too many sign in at once", () => {
  test("known and unknown people, right and wrong passwords and links get one answer, and nothing is looked at", async () => {
    const email = "flooded@example.com";
    await given.person({ email });
    const { token, hash } = newLinkToken();
    await given.people.invite({ email: "linked@example.com", name: "L", role: "support", tokenHash: hash, by: TEST_SCRIPT });
    const hashing = createHashingTurns({ atOnce: 1, waiting: 0 });
    const ctx = { ...given.signInContext, hashing };
    const end = Promise.withResolvers<void>();
    const taken = hashing.run(() => end.promise);
    const before = [await given.db.audit.count(), await given.db.signInLimit.count()];
    const busy = { outcome: "busy", retryInSeconds: HASHING_RETRY_SECONDS };
    for (const [who, password] of [[email, TEST_PASSWORD], [email, "not the password at all"], ["unknown@example.com", TEST_PASSWORD]] as const) {
      expect(await signIn({ ctx, input: { email: who, password }, client: from() })).toEqual(busy);
    }
    for (const some of [token, "A".repeat(43)]) expect(await redeemLink({ ctx, input: { token: some, name: "L", password: TEST_PASSWORD }, client: from() })).toEqual(busy);
    expect([await given.db.audit.count(), await given.db.signInLimit.count()]).toEqual(before);
    end.resolve();
    await taken;
    expect(await signIn({ ctx, input: { email, password: TEST_PASSWORD }, client: from() })).toMatchObject({ outcome: "signed_in" });
  });

  test("so many passwords are hashed at once and no more, whoever they are of", async () => {
    await given.person({ email: "one-of-many@example.com" });
    const { password } = await given.auth.$context;
    let [now, most] = [0, 0];
    const counted = async <T>(work: () => Promise<T>): Promise<T> => {
      most = Math.max(most, (now += 1));
      try {
        return await work();
      } finally {
        now -= 1;
      }
    };
    const { hash, verify } = password;
    vi.spyOn(password, "hash").mockImplementation((text) => counted(() => hash(text)));
    vi.spyOn(password, "verify").mockImplementation((both) => counted(() => verify(both)));
    const ctx = { ...given.signInContext, hashing: createHashingTurns({ atOnce: 2, waiting: 3 }) };
    const outcomes = await Promise.all(Array.from({ length: 9 }, (_, n) => signIn({ ctx, input: { email: n % 2 === 0 ? "one-of-many@example.com" : "none@example.com", password: "not the password at all" }, client: from() })));
    vi.restoreAllMocks();
    expect(most).toBe(2);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([...Array.from({ length: 5 }, () => "refused"), ...Array.from({ length: 4 }, () => "busy")]);
  });
});

describe("as a demo person", () => {
  test("there is one of each role, always the same", async () => {
    for (const role of ["support", "operator", "admin"] as const) {
      const [first, again] = [await signInAsDemo({ ctx: given.signInContext, role, client: from() }), await signInAsDemo({ ctx: given.signInContext, role, client: from() })];
      expect(first).toMatchObject({ outcome: "signed_in", actor: { role, email: `${role}@demo.invalid` } });
      expect(again).toMatchObject({ actor: first.outcome === "signed_in" ? { id: first.actor.id } : {} });
    }
  });

  test("elsewhere there is none", async () => {
    expect(await signInAsDemo({ ctx: { ...given.signInContext, demoPeople: false }, role: "admin", client: from() })).toEqual({ outcome: "refused" });
  });

  test("nobody becomes one by having its address", async () => {
    await given.db.person.update({ where: { email: "support@demo.invalid" }, data: { demo: false } });
    await expect(signInAsDemo({ ctx: given.signInContext, role: "support", client: from() })).rejects.toThrow("somebody else's address");
    await given.db.person.update({ where: { email: "support@demo.invalid" }, data: { demo: true } });
  });
});

describe("by a link", () => {
  const redeem = (token: string, name = "Zoë") => redeemLink({ ctx: given.signInContext, input: { token, name, password: "a new password of many letters" }, client: from() });
  async function invited() {
    const { token, hash } = newLinkToken();
    const email = `link-${(count += 1)}@example.com`;
    const made = await given.people.invite({ email, name: "Z", role: "operator", tokenHash: hash, by: TEST_SCRIPT });
    if (made.outcome !== "changed") throw new Error(made.outcome);
    return { token, email, id: made.person.id };
  }

  test("somebody invited sets a password and is in, once", async () => {
    const { token, email, id } = await invited();
    expect((await given.people.find(id))?.state).toBe("invited");
    expect(await whoseCookies(await redeem(token))).toBe(email);
    expect(await given.people.find(id)).toMatchObject({ state: "active", name: "Zoë", hasPassword: true, linkExpiresAt: null });
    expect(await redeem(token)).toEqual({ outcome: "refused" });
    expect(await enter(email, "a new password of many letters")).toMatchObject({ outcome: "signed_in" });
  });

  test("of two who use it at once one is in", async () => {
    const { token } = await invited();
    const outcomes = await Promise.all([redeem(token, "One"), redeem(token, "Two")]);
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(["refused", "signed_in"]);
  });

  test("a new one ends the old one, and a password that is set ends every session", async () => {
    const { token, id, email } = await invited();
    await redeem(token);
    const { token: second, hash } = newLinkToken();
    const { token: third, hash: thirdHash } = newLinkToken();
    await given.people.newLink({ id, tokenHash: hash, by: TEST_SCRIPT });
    await given.people.newLink({ id, tokenHash: thirdHash, by: TEST_SCRIPT });
    expect(await redeem(second)).toEqual({ outcome: "refused" });
    expect(await given.db.personSession.count({ where: { userId: id } })).toBe(1);
    await redeem(third);
    expect(await given.db.personSession.count({ where: { userId: id } })).toBe(1);
    expect(await whoseCookies(await enter(email, "a new password of many letters"))).toBe(email);
  });

  test("one that is too old, or whose person is disabled, is of no use", async () => {
    const old = await invited();
    await given.db.personLink.update({ where: { personId: old.id }, data: { expiresAt: new Date(Date.now() - 1) } });
    expect(await redeem(old.token)).toEqual({ outcome: "refused" });
    const disabled = await invited();
    await given.db.person.update({ where: { id: disabled.id }, data: { disabledAt: new Date() } });
    expect(await redeem(disabled.token)).toEqual({ outcome: "refused" });
    expect(await redeem("A".repeat(43))).toEqual({ outcome: "refused" });
  });

  test("one that is of no use is written down as a sign-in that was refused, without it", async () => {
    const { token, email } = await invited();
    await redeem(token);
    for (const useless of [token, "B".repeat(43)]) {
      expect(await redeemLink({ ctx: given.signInContext, input: { token: useless, name: "Mallory", password: "a new password of many letters" }, client: { address: "198.51.100.250", userAgent: null } })).toEqual({ outcome: "refused" });
    }
    const rows = await given.db.audit.findMany({ where: { action: "session.sign_in" }, orderBy: { seq: "desc" }, take: 4 });
    expect(rows.toReversed()).toMatchObject(
      [0, 1].flatMap(() => [
        { kind: "intent", actorId: "nobody", target: null, asked: JSON.stringify({ way: "link", from: "198.51.100.250" }) },
        { kind: "outcome", actorId: "nobody", outcome: "refused", error: "the link is unknown, used or too old" },
      ]),
    );
    // Its end tells nothing of whose it was.
    expect(JSON.stringify(rows, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))).not.toMatch(new RegExp(`${token}|${linkTokenHash(token)}|B{43}|${email}|Mallory`));
  });

  test("its token stands nowhere in the database", async () => {
    const { token } = await invited();
    expect(JSON.stringify([await given.db.personLink.findMany(), await given.db.audit.findMany({ select: { asked: true, after: true, target: true } })])).not.toContain(token);
  });
});
