import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CLIENT, type Identity, startOidcProvider } from "#infra/testing/oidc-provider.ts";
import { TEST_SCRIPT, testPeople } from "#infra/testing/people.ts";
import { type RestartablePostgres, startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { type BetterAuth, createBetterAuth } from "./better-auth.ts";
import { readSession } from "./session.ts";
import { beginSingleSignOn, endSingleSignOn, ProviderAway, type SingleSignOnContext } from "./single-sign-on.ts";

const client = { address: "198.51.100.7", userAgent: "test" };

let postgres: RestartablePostgres;
let provider: Awaited<ReturnType<typeof startOidcProvider>>;
let given: ReturnType<typeof testPeople>;
let ctx: SingleSignOnContext;

function contextFor(issuer: string): SingleSignOnContext {
  const oidc = { issuer, clientId: CLIENT.id, clientSecret: CLIENT.secret, name: "Test" };
  let auth: BetterAuth | null = null;
  const library = {
    get: () => (auth ??= createBetterAuth({ db: given.db, config: given.config, provider: oidc, log: (level, message) => given.logged.push(`${level} ${message}`) })),
    forget: () => {
      auth = null;
    },
  };
  return { config: { oidc, publicOrigin: given.config.publicOrigin }, sessions: given.sessions, people: given.people, limits: given.signInContext.limits, audit: given.audit, library };
}

beforeAll(async () => {
  [postgres, provider] = await Promise.all([startPostgresOnly(), startOidcProvider()]);
  given = testPeople({ databaseUrl: postgres.databaseUrl });
  ctx = contextFor(provider.url);
});
afterAll(async () => {
  await given?.close();
  await provider?.close();
  await postgres?.close();
});

const pairs = (cookies: readonly string[]) => cookies.filter((cookie) => !/Max-Age=0/i.test(cookie)).map((cookie) => cookie.split(";")[0]).join("; ");
/** A browser comes back from the provider. */
const back = (url: string, cookies: readonly string[]) => endSingleSignOn({ ctx, request: new Request(url, { headers: { cookie: pairs(cookies) } }), client });
const whose = async (cookies: readonly string[]) => (await readSession({ ctx: given.sessions, headers: new Headers({ cookie: pairs(cookies) }), used: false }))?.actor.email ?? null;

let count = 0;
async function invited(over: Partial<Identity> = {}): Promise<Identity> {
  const email = `sso-${(count += 1)}@example.com`;
  await given.people.invite({ email, name: "S", role: "operator", tokenHash: `hash ${count}`, by: TEST_SCRIPT });
  return { sub: `subject ${count}`, email, emailVerified: true, ...over };
}
async function enter(identity: Identity, next = "/dead-letters") {
  const { url, cookies } = await beginSingleSignOn({ ctx, next, client });
  return back(provider.signIn(url, identity), cookies);
}
/** Nobody came in, and nothing was linked. */
async function expectNobody(identity: Identity) {
  expect(await given.db.personSession.count({ where: { person: { email: identity.email } } })).toBe(0);
  expect(await given.db.signInAccount.count({ where: { accountId: identity.sub } })).toBe(0);
}

describe("single sign-on", () => {
  test("lets somebody invited in, by their verified e-mail, and sends them on", async () => {
    const identity = await invited();
    const end = await enter(identity);
    expect(end.location).toBe("/dead-letters");
    expect(await whose(end.cookies)).toBe(identity.email);
    expect(await given.db.audit.findMany({ where: { action: "session.sign_in", kind: "outcome" }, orderBy: { seq: "desc" }, take: 1 })).toMatchObject([{ outcome: "done" }]);
  });

  test("knows them again by the provider's subject, whatever the e-mail there says then", async () => {
    const identity = await invited();
    await enter(identity);
    const end = await enter({ ...identity, email: "married@example.com" });
    expect(await whose(end.cookies)).toBe(identity.email);
  });

  test("keeps no token of the provider", async () => {
    const identity = await invited();
    await enter(identity);
    expect(await given.db.signInAccount.findFirstOrThrow({ where: { accountId: identity.sub } })).toMatchObject({ accessToken: null, refreshToken: null, idToken: null });
  });

  test("asks with a state, a nonce and a challenge that are new each time", async () => {
    const asked = await Promise.all([0, 1].map(async () => new URL((await beginSingleSignOn({ ctx, next: "/", client })).url).searchParams));
    for (const name of ["state", "nonce", "code_challenge"]) {
      expect(asked[0]?.get(name)?.length).toBeGreaterThanOrEqual(32);
      expect(asked[0]?.get(name)).not.toBe(asked[1]?.get(name));
    }
    expect(asked[0]?.get("code_challenge_method")).toBe("S256");
    expect(asked[0]?.get("redirect_uri")).toBe(`${given.config.publicOrigin}/api/auth/callback/oidc`);
  });
});

test("over https only this host can set the cookie that holds the state, and a sign-on goes through with it", async () => {
  const publicOrigin = "https://spillway.example.com";
  const secure = testPeople({ databaseUrl: postgres.databaseUrl, config: { publicOrigin } });
  const oidc = { issuer: provider.url, clientId: CLIENT.id, clientSecret: CLIENT.secret, name: "Test" };
  const auth = createBetterAuth({ db: secure.db, config: secure.config, provider: oidc, log: () => undefined });
  const there: SingleSignOnContext = { ...ctx, config: { oidc, publicOrigin }, sessions: secure.sessions, people: secure.people, library: { get: () => auth, forget: () => undefined } };
  const identity = await invited();
  const { url, cookies } = await beginSingleSignOn({ ctx: there, next: "/keys", client });
  const callback = provider.signIn(url, identity);
  const end = await endSingleSignOn({ ctx: there, request: new Request(callback, { headers: { cookie: pairs(cookies) } }), client });
  await secure.close();
  expect(end.location).toBe("/keys");
  // What is set at the start, and what is taken away and set at the end.
  expect(cookies.map((cookie) => cookie.split("=")[0])).toEqual(["__Host-spillway.sign-on"]);
  expect(new Set(end.cookies.map((cookie) => cookie.split("=")[0]))).toEqual(new Set(["__Host-spillway.sign-on", "__Host-spillway.session"]));
  for (const cookie of [...cookies, ...end.cookies]) {
    for (const attribute of [/; Secure/, /; HttpOnly/, /; SameSite=Lax/i, /; Path=\/(;|$)/]) expect(cookie).toMatch(attribute);
    expect(cookie).not.toMatch(/Domain=/i);
  }
});

describe("refuses", () => {
  test("whom nobody has invited", async () => {
    const identity: Identity = { sub: "stranger", email: "stranger@example.com", emailVerified: true };
    expect(await enter(identity)).toEqual({ location: "/sign-in?problem=not_invited", cookies: [] });
    expect(await given.db.person.count({ where: { email: identity.email } })).toBe(0);
  });

  test("an e-mail that the provider has not verified", async () => {
    const identity = await invited({ emailVerified: false });
    expect(await enter(identity)).toMatchObject({ location: "/sign-in?problem=email_not_verified" });
    await expectNobody(identity);
  });

  test("an e-mail that it verifies no longer, of somebody who came in before", async () => {
    const identity = await invited();
    await enter(identity);
    const { length } = await given.db.personSession.findMany();
    expect(await enter({ ...identity, emailVerified: false })).toMatchObject({ location: "/sign-in?problem=email_not_verified" });
    expect(await given.db.personSession.findMany()).toHaveLength(length);
  });

  test("another identity with the e-mail of somebody who is known: an address may have been given on", async () => {
    const identity = await invited();
    await enter(identity);
    const { length } = await given.db.personSession.findMany();
    const successor = { ...identity, sub: `${identity.sub}, hired later` };
    expect(await enter(successor)).toEqual({ location: "/sign-in?problem=single_sign_on_failed", cookies: [] });
    expect(await given.db.signInAccount.count({ where: { accountId: successor.sub } })).toBe(0);
    expect(await given.db.personSession.findMany()).toHaveLength(length);
    expect(await whose((await enter(identity)).cookies)).toBe(identity.email);
  });

  test("somebody disabled", async () => {
    const identity = await invited();
    await enter(identity);
    await given.db.person.update({ where: { email: identity.email }, data: { disabledAt: new Date() } });
    await given.db.personSession.deleteMany({ where: { person: { email: identity.email } } });
    expect(await enter(identity)).toEqual({ location: "/sign-in?problem=not_invited", cookies: [] });
    expect(await given.db.personSession.count({ where: { person: { email: identity.email } } })).toBe(0);
  });

  test.each([
    ["another issuer", { issuer: "https://evil.example" }],
    ["a token for somebody else's client", { audience: "another client" }],
    ["a token of another sign-in", { nonce: "a nonce of another sign-in" }],
    ["a token that has expired", { expired: true }],
    ["a token that another key signed", { strangerKey: true }],
    ["a token that nobody signed", { unsigned: true }],
  ] as const)("%s", async (_, lies) => {
    const identity = await invited({ lies });
    expect(await enter(identity)).toMatchObject({ location: "/sign-in?problem=single_sign_on_failed" });
    await expectNobody(identity);
  });

  test("the same way back a second time", async () => {
    const identity = await invited();
    const { url, cookies } = await beginSingleSignOn({ ctx, next: "/", client });
    const way = provider.signIn(url, identity);
    expect((await back(way, cookies)).location).toBe("/");
    const calls = provider.exchanged.length;
    expect(await back(way, cookies)).toMatchObject({ location: "/sign-in?problem=single_sign_on_failed" });
    // It is not even asked about.
    expect(provider.exchanged).toHaveLength(calls);
  });

  test("a way back that another browser set out on, or nobody", async () => {
    const identity = await invited();
    const [mine, other] = [await beginSingleSignOn({ ctx, next: "/", client }), await beginSingleSignOn({ ctx, next: "/", client })];
    const way = provider.signIn(mine.url, identity);
    expect(await back(way, other.cookies)).toMatchObject({ location: "/sign-in?problem=single_sign_on_failed" });
    expect(await back(way, [])).toMatchObject({ location: "/sign-in?problem=single_sign_on_failed" });
    const made = new URL(way);
    made.searchParams.set("state", "made-up");
    expect(await back(made.href, mine.cookies)).toMatchObject({ location: "/sign-in?problem=single_sign_on_failed" });
    made.searchParams.delete("state");
    expect(await back(made.href, mine.cookies)).toMatchObject({ location: "/sign-in?problem=single_sign_on_failed" });
    await expectNobody(identity);
  });

  test("an answer in another provider's name", async () => {
    const identity = await invited();
    const { url, cookies } = await beginSingleSignOn({ ctx, next: "/", client });
    expect(await back(`${provider.signIn(url, identity)}&iss=https%3A%2F%2Fevil.example`, cookies)).toMatchObject({ location: "/sign-in?problem=single_sign_on_failed" });
    await expectNobody(identity);
  });

  test("what the person refused at the provider", async () => {
    const { url, cookies } = await beginSingleSignOn({ ctx, next: "/", client });
    const state = new URL(url).searchParams.get("state") ?? "";
    expect(await back(`${given.config.publicOrigin}/api/auth/callback/oidc?error=access_denied&state=${state}`, cookies)).toMatchObject({ location: "/sign-in?problem=single_sign_on_failed" });
  });

  test("a provider that calls itself something else than the configuration does", async () => {
    const impostor = await startOidcProvider({ calledIssuer: "https://evil.example" });
    try {
      await expect(beginSingleSignOn({ ctx: contextFor(impostor.url), next: "/", client })).rejects.toThrow(/calls itself https:\/\/evil\.example/);
    } finally {
      await impostor.close();
    }
  });
});

describe("nobody fills the audit log with ways back", () => {
  const acts = () => given.db.audit.count({ where: { kind: "intent" } });
  const flood = async (url: string, cookies: readonly string[], address: string) => {
    const before = await acts();
    const request = () => new Request(url, { headers: { cookie: pairs(cookies) } });
    for (let i = 0; i < 40; i += 1) expect((await endSingleSignOn({ ctx, request: request(), client: { ...client, address } })).location).toBe("/sign-in?problem=single_sign_on_failed");
    return (await acts()) - before;
  };

  test("that nobody set out on", async () => {
    expect(await flood(`${given.config.publicOrigin}/api/auth/callback/oidc?state=made-up&code=1`, [], "198.51.100.30")).toBeLessThanOrEqual(31);
    expect(await flood(`${given.config.publicOrigin}/api/auth/callback/oidc?error=x`, [], "198.51.100.30")).toBe(0);
  });

  test("that somebody else set out on, who still arrives", async () => {
    const identity = await invited();
    const { url, cookies } = await beginSingleSignOn({ ctx, next: "/", client });
    const way = provider.signIn(url, identity);
    expect(await flood(way, [], "198.51.100.31")).toBeLessThanOrEqual(31);
    expect(await whose((await back(way, cookies)).cookies)).toBe(identity.email);
  });
});

test("a provider that does not answer is given up, and asked anew the next time", async () => {
  const slow = await startOidcProvider();
  try {
    slow.hang(true);
    const waiting = { ...contextFor(slow.url), timeoutMs: 200 };
    await expect(beginSingleSignOn({ ctx: waiting, next: "/", client })).rejects.toBeInstanceOf(ProviderAway);
    slow.hang(false);
    expect((await beginSingleSignOn({ ctx: { ...waiting, timeoutMs: 10_000 }, next: "/", client })).url).toContain(slow.url);
  } finally {
    await slow.close();
  }
});
