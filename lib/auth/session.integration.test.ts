import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { TEST_SCRIPT, testPeople } from "#infra/testing/people.ts";
import { type RestartablePostgres, startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { newLinkToken } from "#lib/domain/link-token.ts";
import type { Doer } from "#lib/gateways/people.ts";
import { toProblem } from "#lib/http/error-problem.ts";
import { createBetterAuth } from "./better-auth.ts";
import { readSession } from "./session.ts";
import { redeemLink } from "./sign-in.ts";

const HOUR_MS = 3_600_000;
const asDoer = (id: string): Doer => ({ id, name: "An admin", role: "admin" });
let postgres: RestartablePostgres;
let given: ReturnType<typeof testPeople>;
let admin: Doer;
beforeAll(async () => {
  postgres = await startPostgresOnly();
  given = testPeople({ databaseUrl: postgres.databaseUrl });
  admin = asDoer(await given.person({ email: "root@example.com", role: "admin" }));
});
afterAll(async () => {
  await given?.close();
  await postgres?.close();
});

const read = (headers: Headers, used = false) => readSession({ ctx: given.sessions, headers, used });
let count = 0;
async function somebody(role: "support" | "operator" | "admin" = "operator") {
  const email = `person-${(count += 1)}@example.com`;
  const id = await given.person({ email, role });
  return { id, email, headers: await given.signIn(email) };
}

describe("a session", () => {
  test("is its person's, with the role of now", async () => {
    const { id, email, headers } = await somebody();
    expect(await read(headers)).toMatchObject({ actor: { id, email, role: "operator" }, demo: false });
    await given.db.person.update({ where: { id }, data: { role: "support" } });
    expect(await read(headers)).toMatchObject({ actor: { role: "support" } });
  });

  test.each([
    ["no cookie", () => new Headers()],
    ["garbage", () => new Headers({ cookie: "spillway.session=garbage" })],
    ["somebody's token without its signature", (cookie: string) => new Headers({ cookie: cookie.slice(0, cookie.lastIndexOf(".")) })],
    ["a changed signature", (cookie: string) => new Headers({ cookie: `${cookie.slice(0, -6)}AAAAAA` })],
    ["another cookie's name", (cookie: string) => new Headers({ cookie: cookie.replace("spillway.session", "spillway.session_data") })],
  ])("%s is none", async (_, forge) => {
    const { headers } = await somebody();
    expect(await read(forge(headers.get("cookie") ?? ""))).toBeNull();
  });

  test("ends with 12 idle hours, and a page that refreshes itself does not keep it", async () => {
    const { id, headers } = await somebody();
    const before = await given.db.personSession.findFirstOrThrow({ where: { userId: id } });
    given.pass(11 * HOUR_MS);
    expect(await read(headers)).not.toBeNull();
    expect((await given.db.personSession.findFirstOrThrow({ where: { userId: id } })).lastSeenAt).toEqual(before.lastSeenAt);
    given.pass(2 * HOUR_MS);
    expect(await read(headers)).toBeNull();
    expect(await given.db.personSession.count({ where: { userId: id } })).toBe(0);
    given.pass(-13 * HOUR_MS);
    // It is gone, also for a clock that goes back.
    expect(await read(headers)).toBeNull();
  });

  test("goes on while it is used, up to its absolute limit", async () => {
    const { id, headers } = await somebody();
    await given.db.personSession.updateMany({ where: { userId: id }, data: { lastSeenAt: new Date(Date.now() - 11 * HOUR_MS) } });
    expect(await read(headers, true)).not.toBeNull();
    const { lastSeenAt } = await given.db.personSession.findFirstOrThrow({ where: { userId: id } });
    expect(Date.now() - lastSeenAt.getTime()).toBeLessThan(HOUR_MS);
    await given.db.personSession.updateMany({ where: { userId: id }, data: { expiresAt: new Date(Date.now() - 1) } });
    expect(await read(headers, true)).toBeNull();
  });

  test("is kept for 7 days at the most, whatever is done with it", async () => {
    const { id, headers } = await somebody();
    const made = await given.db.personSession.findFirstOrThrow({ where: { userId: id } });
    expect(made.expiresAt.getTime() - made.createdAt.getTime()).toBeLessThanOrEqual(168 * HOUR_MS);
    await read(headers, true);
    expect((await given.db.personSession.findFirstOrThrow({ where: { userId: id } })).expiresAt).toEqual(made.expiresAt);
  });

  test.each([
    ["demoted", (id: string) => given.people.setRole({ id, role: "support", by: admin })],
    ["promoted", (id: string) => given.people.setRole({ id, role: "admin", by: admin })],
    ["disabled", (id: string) => given.people.setDisabled({ id, disabled: true, by: admin })],
    ["signed out by an admin", (id: string) => given.people.endSessions({ personId: id, sessionId: null, by: admin })],
  ])("is over at once when its person is %s", async (_, change) => {
    const { id, headers } = await somebody();
    expect(await read(headers)).not.toBeNull();
    await change(id);
    expect(await read(headers)).toBeNull();
    expect(await given.db.personSession.count({ where: { userId: id } })).toBe(0);
  });

  test("of a person disabled behind the back of everything is none either, and none is made", async () => {
    const { id, email, headers } = await somebody();
    await given.db.person.update({ where: { id }, data: { disabledAt: new Date() } });
    expect(await read(headers)).toBeNull();
    await expect(given.signIn(email)).rejects.toMatchObject({ status: "UNAUTHORIZED" });
  });

  test("of a demo person is none where demo people do not exist", async () => {
    const personId = await given.people.demoPerson({ email: "admin@demo.invalid", name: "Demo admin", role: "admin" });
    const { headers } = await given.auth.api.signInDemo({ body: { personId }, headers: new Headers(), returnHeaders: true });
    const cookie = new Headers({ cookie: headers.getSetCookie()[0]?.split(";")[0] ?? "" });
    expect(await read(cookie)).toMatchObject({ demo: true, actor: { role: "admin" } });
    const elsewhere = { ...given.sessions, demoPeople: false };
    expect(await readSession({ ctx: elsewhere, headers: cookie, used: false })).toBeNull();
    const auth = createBetterAuth({ db: given.db, config: { ...given.config, demoPeople: false }, log: () => undefined });
    await expect(auth.api.signInDemo({ body: { personId }, headers: new Headers() })).rejects.toMatchObject({ status: "UNAUTHORIZED" });
  });

  test("is not made for a person who is no demo person without a password", async () => {
    const { id } = await somebody();
    await expect(given.auth.api.signInDemo({ body: { personId: id }, headers: new Headers() })).rejects.toMatchObject({ status: "UNAUTHORIZED" });
  });
});

test("a database that does not answer is told from a stranger", async () => {
  const { headers } = await somebody();
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await postgres.stop();
  try {
    const error: unknown = await read(headers).catch((thrown: unknown) => thrown);
    expect(toProblem(error, new Request("http://127.0.0.1/")).status).toBe(503);
  } finally {
    await postgres.startAgain();
    vi.restoreAllMocks();
  }
  expect(await vi.waitFor(() => read(headers), { timeout: 10_000 })).not.toBeNull();
});

describe("the cookie", () => {
  const cookieAt = async (publicOrigin: string) => {
    const { email } = await somebody();
    const auth = createBetterAuth({ db: given.db, config: { ...given.config, publicOrigin }, log: () => undefined });
    const { headers } = await auth.api.signInEmail({ body: { email, password: "correct horse battery staple" }, headers: new Headers(), returnHeaders: true });
    return headers.getSetCookie();
  };

  test("over https only this host can set it, and no script reads it", async () => {
    const [cookie, ...others] = await cookieAt("https://spillway.example.com");
    expect(others).toEqual([]);
    expect(cookie).toMatch(/^__Host-spillway\.session=/);
    for (const attribute of [/; Secure/, /; HttpOnly/, /; SameSite=Lax/i, /; Path=\//]) expect(cookie).toMatch(attribute);
    expect(cookie).not.toMatch(/Domain=/i);
  });

  test("on loopback it has a plain name, since a browser may refuse the prefix there", async () => {
    const [cookie] = await cookieAt("http://127.0.0.1:3000");
    expect(cookie).toMatch(/^spillway\.session=.*HttpOnly/);
    expect(cookie).not.toMatch(/Secure/);
  });
});

describe("what the library leaves open", () => {
  test("nobody signs up", async () => {
    await expect(given.auth.api.signUpEmail({ body: { email: "new@example.com", password: "a long enough password", name: "New" } })).rejects.toMatchObject({ status: "BAD_REQUEST" });
    expect(await given.db.person.count({ where: { email: "new@example.com" } })).toBe(0);
  });

  test("where and with what somebody signed in is kept, in bounds", async () => {
    const { id } = await somebody();
    expect(await given.people.sessions({ personId: id, current: "" })).toMatchObject([{ ipAddress: "198.51.100.7", userAgent: "test", current: false }]);
  });
});

describe("people", () => {
  const onlyAdmins = (...ids: string[]) => given.db.person.updateMany({ where: { role: "admin", id: { notIn: ids } }, data: { disabledAt: new Date() } });
  const invited = async (role: "support" | "admin", email = `invited-${(count += 1)}@example.com`) => {
    const { token, hash } = newLinkToken();
    const made = await given.people.invite({ email, name: "I", role, tokenHash: hash, by: TEST_SCRIPT });
    if (made.outcome !== "changed") throw new Error(made.outcome);
    return { id: made.person.id, token };
  };

  test("the last admin is neither demoted nor disabled, and nobody changes themselves", async () => {
    const other = await somebody("admin");
    await onlyAdmins(other.id);
    expect(await given.people.setRole({ id: other.id, role: "support", by: TEST_SCRIPT })).toEqual({ outcome: "refused", refusal: "last_admin" });
    expect(await given.people.setDisabled({ id: other.id, disabled: true, by: TEST_SCRIPT })).toEqual({ outcome: "refused", refusal: "last_admin" });
    expect(await given.people.setRole({ id: other.id, role: "support", by: asDoer(other.id) })).toEqual({ outcome: "refused", refusal: "is_self" });
  });

  test("an admin who was invited and has never come in is nobody to leave the rest to", async () => {
    const last = await somebody("admin");
    await onlyAdmins(last.id);
    const guest = await invited("admin");
    expect(await given.people.setRole({ id: last.id, role: "support", by: TEST_SCRIPT })).toEqual({ outcome: "refused", refusal: "last_admin" });
    // Nor is one missed: an invitation that was a mistake can be taken back.
    expect(await given.people.setRole({ id: guest.id, role: "support", by: asDoer(last.id) })).toMatchObject({ outcome: "changed" });
    await given.people.setRole({ id: guest.id, role: "admin", by: asDoer(last.id) });
    await given.db.person.update({ where: { id: guest.id }, data: { lastSignInAt: new Date() } });
    expect(await given.people.setRole({ id: last.id, role: "support", by: TEST_SCRIPT })).toMatchObject({ outcome: "changed" });
  });

  test.each([
    ["demote", (id: string, by: Doer) => given.people.setRole({ id, role: "support", by })],
    ["disable", (id: string, by: Doer) => given.people.setDisabled({ id, disabled: true, by })],
  ])("of two admins who %s each other at once the second is an admin no more, though a third is left", async (_, act) => {
    await onlyAdmins();
    const [first, second, third] = [await somebody("admin"), await somebody("admin"), await somebody("admin")];
    const outcomes = await Promise.all([act(first.id, asDoer(second.id)), act(second.id, asDoer(first.id))]);
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(["changed", "refused"]);
    expect(outcomes.find(({ outcome }) => outcome === "refused")).toEqual({ outcome: "refused", refusal: "no_longer_admin" });
    expect(await given.people.find(third.id)).toMatchObject({ role: "admin", state: "active" });
  });

  test.each([
    ["demoted", (id: string) => given.people.setRole({ id, role: "operator", by: admin })],
    ["disabled", (id: string) => given.people.setDisabled({ id, disabled: true, by: admin })],
  ])("what an admin asked for before they were %s is not done after it", async (_, takeAway) => {
    admin = asDoer((await somebody("admin")).id);
    const was = await somebody("admin");
    const target = await somebody();
    expect(await takeAway(was.id)).toMatchObject({ outcome: "changed" });
    const by = asDoer(was.id);
    const refused = { outcome: "refused", refusal: "no_longer_admin" };
    expect(await given.people.invite({ email: "accomplice@example.com", name: "A", role: "admin", tokenHash: "accomplice", by })).toEqual(refused);
    expect(await given.db.person.count({ where: { email: "accomplice@example.com" } })).toBe(0);
    expect(await given.people.newLink({ id: target.id, tokenHash: "mine now", by })).toEqual(refused);
    expect(await given.db.personLink.count({ where: { personId: target.id } })).toBe(0);
    expect(await given.people.setRole({ id: target.id, role: "admin", by })).toEqual(refused);
    expect(await given.people.setDisabled({ id: target.id, disabled: true, by })).toEqual(refused);
    expect(await given.people.endSessions({ personId: target.id, sessionId: null, by })).toBeNull();
    expect(await read(target.headers)).not.toBeNull();
  });

  test("a person who is disabled has no link any more, also when they are let in again", async () => {
    admin = asDoer((await somebody("admin")).id);
    const { id, token } = await invited("support");
    expect(await given.people.setDisabled({ id, disabled: true, by: admin })).toMatchObject({ person: { state: "disabled", linkExpiresAt: null } });
    expect(await given.db.personLink.count({ where: { personId: id } })).toBe(0);
    expect(await given.people.setDisabled({ id, disabled: false, by: admin })).toMatchObject({ person: { state: "invited", linkExpiresAt: null } });
    expect(await redeemLink({ ctx: given.signInContext, input: { token, name: "Old link", password: "a new password of many letters" }, client: { address: "198.51.100.9", userAgent: null } })).toEqual({ outcome: "refused" });
    expect(await given.people.find(id)).toMatchObject({ hasPassword: false, sessions: 0 });
  });

  test("one e-mail is one person", async () => {
    const { email } = await somebody();
    expect(await given.people.invite({ email, name: "Twin", role: "support", tokenHash: "1", by: TEST_SCRIPT })).toEqual({ outcome: "refused", refusal: "email_taken" });
  });
});
