import { type BetterAuth, CLIENT_HEADER, createBetterAuth } from "#lib/auth/better-auth.ts";
import { createHashingTurns } from "#lib/auth/hashing-turns.ts";
import type { SessionContext } from "#lib/auth/session.ts";
import { type AuthConfig, authConfig } from "#lib/config/auth.ts";
import type { Actor, Role } from "#lib/contracts/actor.ts";
import type { SignInContext } from "#lib/auth/sign-in.ts";
import { createAuditLog } from "#lib/gateways/audit-log.ts";
import { openDb } from "#lib/gateways/db.ts";
import { createPeople } from "#lib/gateways/people.ts";
import { createSignInLimits } from "#lib/gateways/sign-in-limits.ts";

/** Who does what a test needs done; passes as scripts do. */
export const TEST_SCRIPT: Actor = { id: "script:test", name: "test", email: null, role: "script" };
export const TEST_PASSWORD = "correct horse battery staple";

/** The cookies that an answer sets, as a browser would send them back; what it clears is left out. */
export function cookiesOf(headers: Headers): string {
  return headers
    .getSetCookie()
    .filter((cookie) => !/Max-Age=0/i.test(cookie))
    .map((cookie) => cookie.split(";")[0] ?? "")
    .join("; ");
}

/** People and their sessions on a database of a test, whose clock for idle times the test moves. */
export function testPeople({ databaseUrl, config: given = {} }: { databaseUrl: string; config?: Partial<AuthConfig> }) {
  let aheadMs = 0;
  /** The clock of the limits stands still but for pass(): how fast the machine is makes no difference. */
  const startedAtMs = Date.now();
  const db = openDb({ databaseUrl, applicationName: "people-test", poolSize: 5 });
  const config: AuthConfig = { ...authConfig({ AUTH_SECRET: "a secret of the tests, long enough for them" }), demoPeople: true, ...given };
  const logged: string[] = [];
  const auth: BetterAuth = createBetterAuth({ db, config, log: (level, message) => logged.push(`${level} ${message}`) });
  const people = createPeople({ db });
  // Hashing is slow on purpose: once is enough for all.
  const passwordHash = auth.$context.then(({ password }) => password.hash(TEST_PASSWORD));
  const sessions: SessionContext = { auth, people, demoPeople: config.demoPeople, now: () => Date.now() + aheadMs };

  const audit = { audit: createAuditLog({ db, queue: "test.fifo" }) };
  /** Waits that were asked for, milliseconds; nothing waits. */
  const waited: number[] = [];
  const signInContext: SignInContext = {
    auth,
    people,
    limits: createSignInLimits({ db, now: () => startedAtMs + aheadMs }),
    sessions,
    audit,
    hashing: createHashingTurns(),
    demoPeople: config.demoPeople,
    monotonic: () => performance.now(),
    wait: async (milliseconds) => void waited.push(milliseconds),
  };

  return {
    signInContext,
    audit,
    waited,
    db,
    config,
    auth,
    people,
    sessions,
    logged,
    /** Moves the clock of the idle limit on. */
    pass(milliseconds: number) {
      aheadMs += milliseconds;
    },
    /** A person with the tests' password. @returns the id. */
    async person({ email, role = "support" }: { email: string; role?: Role }): Promise<string> {
      const made = await people.createWithPassword({ email, name: email.split("@")[0] ?? email, role, passwordHash: await passwordHash, by: "test" });
      if (made.outcome !== "changed") throw new Error(`no person was made: ${made.outcome}`);
      return made.person.id;
    },
    /** Signs in as the library does, past limits and audit. @returns the request headers of the browser that did. */
    async signIn(email: string): Promise<Headers> {
      const answer = await auth.api.signInEmail({ body: { email, password: TEST_PASSWORD }, headers: new Headers({ "user-agent": "test", [CLIENT_HEADER]: "198.51.100.7" }), returnHeaders: true });
      return new Headers({ cookie: cookiesOf(answer.headers) });
    },
    close: () => db.$disconnect(),
  };
}
