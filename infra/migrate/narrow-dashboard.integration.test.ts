import { afterAll, beforeAll, expect, test } from "vitest";
import { narrowLogins } from "#infra/testing/narrow-logins.ts";
import { CLIENT, startOidcProvider } from "#infra/testing/oidc-provider.ts";
import { TEST_PASSWORD, testPeople } from "#infra/testing/people.ts";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { createBetterAuth } from "#lib/auth/better-auth.ts";
import { allowScript } from "#lib/auth/scripts.ts";
import { readSession } from "#lib/auth/session.ts";
import { redeemLink, signIn, signInAsDemo } from "#lib/auth/sign-in.ts";
import { signOut } from "#lib/auth/sign-out.ts";
import { beginSingleSignOn, endSingleSignOn } from "#lib/auth/single-sign-on.ts";
import { newApiKey } from "#lib/domain/api-key.ts";
import { newLinkToken } from "#lib/domain/link-token.ts";
import { createApiKeys } from "#lib/gateways/api-keys.ts";
import { createAuditLog } from "#lib/gateways/audit-log.ts";
import type { LocalPostgres } from "#lib/local/postgres/server.ts";
import { audited } from "#lib/services/audit/audited.ts";
import { exportActs } from "#lib/services/audit/export.ts";
import { list as listActs } from "#lib/services/audit/list.ts";
import { verify } from "#lib/services/audit/verify.ts";
import { endSessions } from "#lib/services/people/end-sessions.ts";
import { invite } from "#lib/services/people/invite.ts";
import { listPeople } from "#lib/services/people/list.ts";
import { newLink } from "#lib/services/people/new-link.ts";
import { sessions } from "#lib/services/people/sessions.ts";
import { setDisabled } from "#lib/services/people/set-disabled.ts";
import { setRole } from "#lib/services/people/set-role.ts";

/** People, sessions, limits on trying, keys and audit, each by the code that the dashboard runs, with the dashboard's own login. */
let postgres: LocalPostgres;
let web: ReturnType<typeof testPeople>;
beforeAll(async () => {
  postgres = await startPostgresOnly();
  web = testPeople({ databaseUrl: (await narrowLogins(postgres)).web });
});
afterAll(async () => {
  await web?.close();
  await postgres?.close();
});

const by = allowScript("people:manage", "test");
let count = 0;
const client = () => ({ address: `198.51.100.${(count += 1)}`, userAgent: "test" });

test("the login is the narrow one", async () => {
  expect(await web.db.$queryRaw`SELECT current_user AS name, pg_has_role('spillway_runtime', 'MEMBER') AS runtime, pg_has_role('spillway_web', 'MEMBER') AS web`).toEqual([{ name: "test_web", runtime: false, web: true }]);
});

test("people come in by link, by password, as a demo person and by single sign-on", async () => {
  const { token, hash } = newLinkToken();
  const input = { email: "ada@example.com", name: "Ada", role: "operator" } as const;
  expect(await invite({ ctx: web, by, input: { ...input, tokenHash: hash } })).toMatchObject({ outcome: "changed" });
  expect(await redeemLink({ ctx: web.signInContext, input: { token, name: "Ada", password: TEST_PASSWORD }, client: client() })).toMatchObject({ outcome: "signed_in" });
  expect(await signIn({ ctx: web.signInContext, input: { email: input.email, password: TEST_PASSWORD }, client: client() })).toMatchObject({ outcome: "signed_in" });
  expect(await signInAsDemo({ ctx: web.signInContext, role: "support", client: client() })).toMatchObject({ outcome: "signed_in" });

  const provider = await startOidcProvider();
  try {
    const oidc = { issuer: provider.url, clientId: CLIENT.id, clientSecret: CLIENT.secret, name: "Test" };
    const auth = createBetterAuth({ db: web.db, config: web.config, provider: oidc, log: (level, message) => web.logged.push(`${level} ${message}`) });
    const ctx = { ...web, config: { ...web.config, oidc }, limits: web.signInContext.limits, library: { get: () => auth, forget: () => undefined } };
    const begun = await beginSingleSignOn({ ctx, next: "/", client: client() });
    const back = provider.signIn(begun.url, { sub: "ada", email: input.email, emailVerified: true });
    const cookie = begun.cookies.map((set) => set.split(";")[0]).join("; ");
    expect(await endSingleSignOn({ ctx, request: new Request(back, { headers: { cookie } }), client: client() })).toMatchObject({ location: "/" });
  } finally {
    await provider.close();
  }
});

test("limits on trying count, by account and by client", async () => {
  const enter = () => signIn({ ctx: web.signInContext, input: { email: "bob@example.com", password: "wrong" }, client: { address: "198.51.100.250", userAgent: null } });
  const outcomes: string[] = [];
  for (let tries = 0; tries < 20 && outcomes.at(-1) !== "later"; tries += 1) outcomes.push((await enter()).outcome);
  expect(outcomes.at(0)).toBe("refused");
  expect(outcomes.at(-1)).toBe("later");
});

test("sessions are read, kept from their idle limit, listed and ended; role and state change, and links are made anew", async () => {
  const id = await web.person({ email: "cleo@example.com", role: "support" });
  const headers = await web.signIn("cleo@example.com");
  expect(await readSession({ ctx: web.sessions, headers, used: true })).toMatchObject({ actor: { id, role: "support" } });
  const [session] = await sessions({ ctx: web, by, input: { id, current: "none" } });
  await web.people.seen(session?.id ?? "");
  expect(await endSessions({ ctx: web, by, input: { id, sessionId: session?.id ?? "" } })).toBe(1);
  expect(await readSession({ ctx: web.sessions, headers, used: true })).toBeNull();

  const again = await readSession({ ctx: web.sessions, headers: await web.signIn("cleo@example.com"), used: false });
  if (again === null) throw new Error("Cleo is not signed in");
  const known = (await web.people.passwordHash(id)) ?? "";
  expect(await web.people.changePassword({ personId: id, sessionId: again.id, known, passwordHash: "another" })).toBe(0);
  await signOut({ ctx: { people: web.people, audit: createAuditLog({ db: web.db, queue: "people.fifo" }), onUntold: (error) => expect.unreachable(String(error)) }, session: again });

  expect(await setRole({ ctx: web, by, input: { id, role: "operator" } })).toMatchObject({ outcome: "changed" });
  expect(await newLink({ ctx: web, by, input: { id, tokenHash: newLinkToken().hash } })).toMatchObject({ outcome: "changed" });
  expect(await setDisabled({ ctx: web, by, input: { id, disabled: true } })).toMatchObject({ outcome: "changed" });
  expect(await setDisabled({ ctx: web, by, input: { id, disabled: false } })).toMatchObject({ outcome: "changed" });
  expect(await listPeople({ ctx: web, by })).toContainEqual(expect.objectContaining({ id, role: "operator", sessions: 0 }));
});

test("keys are made, listed, rotated and revoked, but how they are used is the public API's word, and none goes away", async () => {
  const keys = createApiKeys({ db: web.db, queue: "q.fifo" });
  const [first, second] = [newApiKey(), newApiKey()];
  expect(await keys.insert({ id: first.id, hash: first.hash, name: "shop", scopes: ["ingest"], createdBy: "ada", lifetimeSeconds: null })).toMatchObject({ outcome: "created" });
  expect(await keys.rotate({ from: first.id, id: second.id, hash: second.hash, createdBy: "ada", overlapSeconds: 60 })).toMatchObject({ outcome: "created" });
  expect(await keys.revoke({ id: second.id, by: "ada" })).toMatchObject({ outcome: "revoked" });
  expect((await keys.list({ endedLimit: 9 })).items.map(({ id }) => id).toSorted()).toEqual([first.id, second.id].toSorted());
  await expect(web.db.$executeRaw`DELETE FROM api_key`).rejects.toThrow(/permission denied/);
});

test("the audit log is written before and after, read, exported and its chain walked; no row of it is changed", async () => {
  const audit = createAuditLog({ db: web.db, queue: "q.fifo" });
  await audited({ ctx: { audit }, actor: by.actor, action: "drain.rate", target: "q.fifo" }, async () => "done");
  const read = allowScript("audit:read", "test");
  expect(await listActs({ ctx: { audit }, by: read, input: { limit: 5 } })).toMatchObject({ items: [{ action: "drain.rate", outcome: "done" }], protected: true });
  const lines: string[] = [];
  for await (const piece of exportActs({ ctx: { audit }, by: read, input: { format: "ndjson" } })) lines.push(piece.text);
  expect(lines.join("")).toContain("drain.rate");
  expect(await verify({ ctx: { audit }, by: read, input: {} })).toMatchObject({ done: true, fault: null });
  await expect(web.db.$executeRaw`UPDATE audit SET outcome = 'done'`).rejects.toThrow(/permission denied/);
});
