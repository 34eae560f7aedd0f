import { createHash } from "node:crypto";
import { Prisma, type PrismaClient } from "#prisma/client.ts";

/** Limits of one kind of key. Delays double from one second, from the first failure past the free ones on. */
interface LimitRule {
  freeFailures: number;
  longestDelaySeconds: number;
}

/**
 * By account: nobody guesses faster than this however many addresses they have. By client: nobody tries one password
 * on many accounts faster than this; more is free, since an office may share an address.
 */
const RULES = {
  account: { freeFailures: 5, longestDelaySeconds: 60 },
  client: { freeFailures: 30, longestDelaySeconds: 300 },
} as const satisfies Readonly<Record<string, LimitRule>>;

/** Failures are forgotten after this long without a try. */
const FORGET_SECONDS = 3_600;
/** A client from which an account was signed in to is known for so long. */
const KNOWN_DAYS = 30;

export type AttemptOutcome = { admitted: true } | { admitted: false; retryInSeconds: number };

export type SignInLimits = ReturnType<typeof createSignInLimits>;

const hash = (...parts: string[]) => createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
const known = (account: string, client: string) => `known:${hash(account, client)}`;

/**
 * Counts attempts to sign in, in Postgres, so that all processes count together. An attempt counts as failed from its
 * start, so that a hundred at once are a hundred; one that succeeds takes its count back. Nobody is locked out: after a
 * delay the next attempt is looked at, and from a client that has signed in to the account before, an account is tried
 * on a count of its own, which strangers' failures do not raise.
 */
export function createSignInLimits({ db, now }: { db: PrismaClient; /** For tests: milliseconds since the epoch instead of the database's clock. */ now?: () => number }) {
  const clock = () => (now === undefined ? Prisma.sql`date_trunc('milliseconds', clock_timestamp())` : Prisma.sql`to_timestamp(${now() / 1000}::float8)`);

  async function accountKey(account: string, client: string): Promise<string> {
    const rows = await db.$queryRaw<unknown[]>`
      SELECT 1 FROM sign_in_limit WHERE key = ${known(account, client)} AND updated_at > ${clock()} - make_interval(days => ${KNOWN_DAYS}::int)`;
    return rows.length > 0 ? `pair:${hash(account, client)}` : `account:${hash(account)}`;
  }

  async function take(key: string, { freeFailures, longestDelaySeconds }: LimitRule): Promise<AttemptOutcome> {
    // Failures already counted, or none where the last is long ago.
    const before = Prisma.sql`CASE WHEN held.updated_at < ${clock()} - make_interval(secs => ${FORGET_SECONDS}::float8) THEN 0 ELSE held.failures END`;
    const [taken] = await db.$queryRaw<{ failures: number }[]>`
      INSERT INTO sign_in_limit AS held (key, failures, free_at, updated_at) VALUES (${key}, 1, ${clock()}, ${clock()})
      ON CONFLICT (key) DO UPDATE SET
        failures = ${before} + 1,
        free_at = ${clock()} + CASE WHEN ${before} + 1 > ${freeFailures}::int
          THEN make_interval(secs => least(${longestDelaySeconds}::float8, power(2::float8, least(20, ${before} - ${freeFailures}::int)))) ELSE interval '0' END,
        updated_at = ${clock()}
      WHERE held.free_at <= ${clock()}
      RETURNING failures`;
    if (taken !== undefined) return { admitted: true };
    const [row] = await db.$queryRaw<{ seconds: number }[]>`
      SELECT extract(epoch FROM free_at - ${clock()})::float8 AS seconds FROM sign_in_limit WHERE key = ${key}`;
    return { admitted: false, retryInSeconds: Math.max(1, Math.ceil(row?.seconds ?? 1)) };
  }

  const giveBack = (key: string) => db.$executeRaw`UPDATE sign_in_limit SET failures = greatest(0, failures - 1), free_at = ${clock()} WHERE key = ${key}`;

  return {
    /**
     * Asks for one attempt. @param account what was given as e-mail, whether anybody has it or not; null where an
     * attempt names none. @param client address of the client.
     */
    async attempt({ account, client }: { account: string | null; client: string }): Promise<AttemptOutcome> {
      const clientKey = `client:${hash(client)}`;
      const ofClient = await take(clientKey, RULES.client);
      if (!ofClient.admitted || account === null) return ofClient;
      const ofAccount = await take(await accountKey(account, client), RULES.account);
      // What is not looked at is no failure of the client's.
      if (!ofAccount.admitted) await giveBack(clientKey);
      return ofAccount;
    },

    /** The attempt was right: it is no failure, and the client is known to the account from now on. */
    async succeeded({ account, client }: { account: string | null; client: string }): Promise<void> {
      await giveBack(`client:${hash(client)}`);
      if (account === null) return;
      const key = await accountKey(account, client);
      await db.$executeRaw`DELETE FROM sign_in_limit WHERE key = ${key}`;
      await db.$executeRaw`
        INSERT INTO sign_in_limit (key, failures, free_at, updated_at) VALUES (${known(account, client)}, 0, ${clock()}, ${clock()})
        ON CONFLICT (key) DO UPDATE SET updated_at = ${clock()}`;
      await db.$executeRaw`DELETE FROM sign_in_limit WHERE updated_at < ${clock()} - make_interval(days => ${KNOWN_DAYS}::int)`;
    },
  };
}
