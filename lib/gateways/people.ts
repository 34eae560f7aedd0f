import type { Actor, Role } from "#lib/contracts/actor.ts";
import { type PeopleRefusal, type Person, type PersonSession, SESSION_LIMITS } from "#lib/contracts/people.ts";
import { Prisma, type PrismaClient } from "#prisma/client.ts";

export type PersonOutcome = { outcome: "changed"; person: Person } | { outcome: "not_found" } | { outcome: "refused"; refusal: PeopleRefusal };

/** Who acts on people. A script passes as it is: whoever can run one holds the database already. */
export type Doer = Pick<Actor, "id" | "name" | "role">;

/** Who may be signed in by a link, and whose it is. */
export interface LinkHolder {
  personId: string;
  email: string;
  name: string;
  role: Role;
}

interface Row {
  id: string;
  email: string;
  name: string;
  role: Role;
  demo: boolean;
  hasPassword: boolean;
  singleSignOn: boolean;
  createdAt: Date;
  createdBy: string;
  lastSignInAt: Date | null;
  disabledAt: Date | null;
  sessions: number;
  linkExpiresAt: Date | null;
}

const LIVE = Prisma.sql`expires_at > clock_timestamp() AND last_seen_at > clock_timestamp() - make_interval(hours => ${SESSION_LIMITS.idleHours}::int)`;
const COLUMNS = Prisma.sql`id, email, name, role, demo, created_at AS "createdAt", created_by AS "createdBy", last_sign_in_at AS "lastSignInAt", disabled_at AS "disabledAt",
  EXISTS (SELECT FROM sign_in_account AS way WHERE way.person_id = person.id AND way.password IS NOT NULL) AS "hasPassword",
  EXISTS (SELECT FROM sign_in_account AS way WHERE way.person_id = person.id AND way.provider_id <> 'credential') AS "singleSignOn",
  (SELECT count(*)::int FROM person_session WHERE person_id = person.id AND ${LIVE}) AS sessions,
  (SELECT expires_at FROM person_link WHERE person_id = person.id AND expires_at > clock_timestamp()) AS "linkExpiresAt"`;

/** Can come in now: has a password, or has come in before. Whoever is only invited may never come. */
const HAS_COME_IN = Prisma.sql`(last_sign_in_at IS NOT NULL OR EXISTS (SELECT FROM sign_in_account AS way WHERE way.person_id = person.id AND way.password IS NOT NULL))`;

/** The library's state of a single sign-on, which stands in `sign_in_verification` behind `auth-state:`. */
const SIGN_ON_STATE = /^[A-Za-z0-9_-]{1,128}$/;
/** Most people of one list; a team that runs one queue is far smaller. */
const LIST_LIMIT = 1_000;

function toPerson({ createdAt, lastSignInAt, disabledAt, linkExpiresAt, ...row }: Row): Person {
  const isNew = lastSignInAt === null && !row.hasPassword && !row.demo;
  return {
    ...row,
    state: disabledAt !== null ? "disabled" : isNew ? "invited" : "active",
    createdAt: createdAt.toISOString(),
    lastSignInAt: lastSignInAt?.toISOString() ?? null,
    disabledAt: disabledAt?.toISOString() ?? null,
    linkExpiresAt: linkExpiresAt?.toISOString() ?? null,
  };
}

export type People = ReturnType<typeof createPeople>;

/** People, their sessions and their links. All methods throw when Postgres is away. */
export function createPeople({ db }: { db: PrismaClient }) {
  type Client = Pick<Prisma.TransactionClient, "$queryRaw" | "$executeRaw">;

  async function find(id: string, client: Client = db): Promise<Person | null> {
    const [row] = await client.$queryRaw<Row[]>`SELECT ${COLUMNS} FROM person WHERE id = ${id}::uuid`;
    return row === undefined ? null : toPerson(row);
  }

  /** Whether somebody is an admin now, whatever they were when their request came. */
  async function isAdmin(tx: Client, { id, role }: Doer): Promise<boolean> {
    if (role === "script") return true;
    return (await tx.$queryRaw<unknown[]>`SELECT 1 FROM person WHERE id::text = ${id} AND role = 'admin' AND disabled_at IS NULL`).length > 0;
  }

  /** Changes to people go one at a time, so that two cannot take each other's last admin away. */
  const alone = <T>(work: (tx: Prisma.TransactionClient) => Promise<T>): Promise<T> =>
    db.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('people', 0))`;
      return work(tx);
    });

  /** The same for an act of an admin, who must still be one when its turn comes. */
  const aloneBy = (by: Doer, work: (tx: Prisma.TransactionClient) => Promise<PersonOutcome>): Promise<PersonOutcome> =>
    alone(async (tx) => ((await isAdmin(tx, by)) ? work(tx) : { outcome: "refused", refusal: "no_longer_admin" }));

  async function insert(tx: Client, { email, name, role, createdBy, demo = false }: { email: string; name: string; role: Role; createdBy: string; demo?: boolean }): Promise<string | null> {
    const [row] = await tx.$queryRaw<{ id: string }[]>`
      INSERT INTO person (email, name, role, created_by, demo) VALUES (${email}, ${name}, ${role}, ${createdBy}, ${demo}) ON CONFLICT (email) DO NOTHING RETURNING id`;
    return row?.id ?? null;
  }

  async function setLink(tx: Client, { personId, tokenHash, by }: { personId: string; tokenHash: string; by: string }): Promise<void> {
    await tx.$executeRaw`
      INSERT INTO person_link (person_id, token_hash, expires_at, created_by)
      VALUES (${personId}::uuid, ${tokenHash}, clock_timestamp() + make_interval(hours => ${SESSION_LIMITS.linkHours}::int), ${by})
      ON CONFLICT (person_id) DO UPDATE SET token_hash = excluded.token_hash, expires_at = excluded.expires_at, created_by = excluded.created_by, created_at = clock_timestamp()`;
  }

  async function setPassword(tx: Client, personId: string, passwordHash: string): Promise<void> {
    await tx.$executeRaw`
      INSERT INTO sign_in_account (person_id, provider_id, account_id, password) VALUES (${personId}::uuid, 'credential', ${personId}, ${passwordHash})
      ON CONFLICT (provider_id, account_id) DO UPDATE SET password = excluded.password, updated_at = clock_timestamp()`;
  }

  const endLink = (tx: Client, personId: string) => tx.$executeRaw`DELETE FROM person_link WHERE person_id = ${personId}::uuid`;
  const endSession = (tx: Client, personId: string, sessionId: string) => tx.$executeRaw`DELETE FROM person_session WHERE id = ${sessionId}::uuid AND person_id = ${personId}::uuid`;
  const endSessions = (tx: Client, personId: string) => tx.$executeRaw`DELETE FROM person_session WHERE person_id = ${personId}::uuid`;

  /** Changes one person; whatever the change is, their sessions end with it. @param shutsOut an unused link ends too. */
  function change({ id, by, losesAdmin, shutsOut, set }: { id: string; by: Doer; losesAdmin: boolean; shutsOut: boolean; set: Prisma.Sql }): Promise<PersonOutcome> {
    return aloneBy(by, async (tx): Promise<PersonOutcome> => {
      const person = await find(id, tx);
      if (person === null) return { outcome: "not_found" };
      if (person.demo) return { outcome: "refused", refusal: "is_demo" };
      if (person.id === by.id) return { outcome: "refused", refusal: "is_self" };
      if (losesAdmin && person.role === "admin" && person.state === "active") {
        const others = await tx.$queryRaw<unknown[]>`SELECT 1 FROM person WHERE role = 'admin' AND disabled_at IS NULL AND NOT demo AND id <> ${id}::uuid AND ${HAS_COME_IN} LIMIT 1`;
        if (others.length === 0) return { outcome: "refused", refusal: "last_admin" };
      }
      await tx.$executeRaw`UPDATE person SET ${set}, updated_at = clock_timestamp() WHERE id = ${id}::uuid`;
      await endSessions(tx, id);
      if (shutsOut) await endLink(tx, id);
      const changed = await find(id, tx);
      return changed === null ? { outcome: "not_found" } : { outcome: "changed", person: changed };
    });
  }

  return {
    find: (id: string) => find(id),

    /** Everybody, by name. */
    async list(): Promise<Person[]> {
      return (await db.$queryRaw<Row[]>`SELECT ${COLUMNS} FROM person ORDER BY disabled_at IS NOT NULL, lower(name), email LIMIT ${LIST_LIMIT}`).map(toPerson);
    },

    /** Adds a person who has a link and nothing else. */
    async invite({ email, name, role, tokenHash, by }: { email: string; name: string; role: Role; tokenHash: string; by: Doer }): Promise<PersonOutcome> {
      return aloneBy(by, async (tx): Promise<PersonOutcome> => {
        const id = await insert(tx, { email, name, role, createdBy: by.name });
        if (id === null) return { outcome: "refused", refusal: "email_taken" };
        await setLink(tx, { personId: id, tokenHash, by: by.name });
        const person = await find(id, tx);
        return person === null ? { outcome: "not_found" } : { outcome: "changed", person };
      });
    },

    /** Adds a person with a password, as a script does. */
    async createWithPassword({ email, name, role, passwordHash, by }: { email: string; name: string; role: Role; passwordHash: string; by: string }): Promise<PersonOutcome> {
      return alone(async (tx): Promise<PersonOutcome> => {
        const id = await insert(tx, { email, name, role, createdBy: by });
        if (id === null) return { outcome: "refused", refusal: "email_taken" };
        await setPassword(tx, id, passwordHash);
        const person = await find(id, tx);
        return person === null ? { outcome: "not_found" } : { outcome: "changed", person };
      });
    },

    /** The demo person of a role, made when there is none. @returns its id. */
    async demoPerson({ email, name, role }: { email: string; name: string; role: Role }): Promise<string> {
      const made = await insert(db, { email, name, role, createdBy: "system", demo: true });
      if (made !== null) return made;
      const [row] = await db.$queryRaw<{ id: string }[]>`SELECT id FROM person WHERE email = ${email} AND demo AND role = ${role}`;
      if (row === undefined) throw new Error(`${email} is somebody else's address: no demo person can be made`);
      return row.id;
    },

    setRole: ({ id, role, by }: { id: string; role: Role; by: Doer }): Promise<PersonOutcome> =>
      change({ id, by, losesAdmin: role !== "admin", shutsOut: false, set: Prisma.sql`role = ${role}` }),

    setDisabled: ({ id, disabled, by }: { id: string; disabled: boolean; by: Doer }): Promise<PersonOutcome> =>
      change({ id, by, losesAdmin: disabled, shutsOut: disabled, set: disabled ? Prisma.sql`disabled_at = coalesce(disabled_at, clock_timestamp())` : Prisma.sql`disabled_at = NULL` }),

    /** Gives a person a new link; an earlier one is of no use any more. Their password stays until it is used. */
    async newLink({ id, tokenHash, by }: { id: string; tokenHash: string; by: Doer }): Promise<PersonOutcome> {
      return aloneBy(by, async (tx): Promise<PersonOutcome> => {
        const person = await find(id, tx);
        if (person === null) return { outcome: "not_found" };
        if (person.demo) return { outcome: "refused", refusal: "is_demo" };
        if (person.state === "disabled") return { outcome: "refused", refusal: "is_disabled" };
        await setLink(tx, { personId: id, tokenHash, by: by.name });
        const changed = await find(id, tx);
        return changed === null ? { outcome: "not_found" } : { outcome: "changed", person: changed };
      });
    },

    /** Whose link it is; null for one that is unknown, used or too old, or whose person is disabled. */
    async linkHolder(tokenHash: string): Promise<LinkHolder | null> {
      const [row] = await db.$queryRaw<LinkHolder[]>`
        SELECT person.id AS "personId", email, name, role FROM person_link JOIN person ON person.id = person_id
        WHERE token_hash = ${tokenHash} AND expires_at > clock_timestamp() AND disabled_at IS NULL AND NOT demo`;
      return row ?? null;
    },

    /** Uses a link up: name and password are set, and every session ends. @returns false where the link is of no use. */
    async redeemLink({ tokenHash, name, passwordHash }: { tokenHash: string; name: string; passwordHash: string }): Promise<boolean> {
      return alone(async (tx) => {
        const [used] = await tx.$queryRaw<{ personId: string }[]>`
          DELETE FROM person_link USING person WHERE person.id = person_id AND token_hash = ${tokenHash} AND expires_at > clock_timestamp() AND disabled_at IS NULL AND NOT demo
          RETURNING person_id AS "personId"`;
        if (used === undefined) return false;
        await tx.$executeRaw`UPDATE person SET name = ${name}, updated_at = clock_timestamp() WHERE id = ${used.personId}::uuid`;
        await setPassword(tx, used.personId, passwordHash);
        await endSessions(tx, used.personId);
        return true;
      });
    },

    /** The hash of a person's password; null where they have none. */
    async passwordHash(personId: string): Promise<string | null> {
      const [row] = await db.$queryRaw<{ password: string | null }[]>`SELECT password FROM sign_in_account WHERE person_id = ${personId}::uuid AND provider_id = 'credential'`;
      return row?.password ?? null;
    },

    /** Whether a person has a password to change. */
    async hasPassword(personId: string): Promise<boolean> {
      return (await db.$queryRaw<unknown[]>`SELECT 1 FROM sign_in_account WHERE person_id = ${personId}::uuid AND provider_id = 'credential' AND password IS NOT NULL`).length > 0;
    },

    /**
     * Sets another password in place of the one of that hash. Every other session of the person and an unused link end.
     * @returns how many sessions ended; null where the password, the session or the person is not what it was.
     */
    async changePassword({ personId, sessionId, known, passwordHash }: { personId: string; sessionId: string; known: string; passwordHash: string }): Promise<number | null> {
      return alone(async (tx) => {
        const changed = await tx.$executeRaw`
          UPDATE sign_in_account SET password = ${passwordHash}, updated_at = clock_timestamp()
          WHERE person_id = ${personId}::uuid AND provider_id = 'credential' AND password = ${known}
            AND EXISTS (SELECT FROM person WHERE id = ${personId}::uuid AND disabled_at IS NULL AND NOT demo)
            AND EXISTS (SELECT FROM person_session WHERE id = ${sessionId}::uuid AND person_id = ${personId}::uuid)`;
        if (changed === 0) return null;
        await endLink(tx, personId);
        return tx.$executeRaw`DELETE FROM person_session WHERE person_id = ${personId}::uuid AND id <> ${sessionId}::uuid`;
      });
    },

    /** A person's sessions that are still good, the latest first. @param current the session that asks. */
    async sessions({ personId, current }: { personId: string; current: string }): Promise<PersonSession[]> {
      const rows = await db.$queryRaw<(Omit<PersonSession, "createdAt" | "lastSeenAt" | "endsAt" | "current"> & { createdAt: Date; lastSeenAt: Date; endsAt: Date })[]>`
        SELECT id, created_at AS "createdAt", last_seen_at AS "lastSeenAt", ip_address AS "ipAddress", user_agent AS "userAgent",
          least(expires_at, last_seen_at + make_interval(hours => ${SESSION_LIMITS.idleHours}::int)) AS "endsAt"
        FROM person_session WHERE person_id = ${personId}::uuid AND ${LIVE} ORDER BY last_seen_at DESC LIMIT 100`;
      return rows.map(({ id, ipAddress, userAgent, createdAt, lastSeenAt, endsAt }) => ({
        id,
        ipAddress,
        userAgent,
        createdAt: createdAt.toISOString(),
        lastSeenAt: lastSeenAt.toISOString(),
        endsAt: endsAt.toISOString(),
        current: id === current,
      }));
    },

    /** Ends one session of a person, by themselves or by its limit. @returns whether there was one. */
    async endSession({ personId, sessionId }: { personId: string; sessionId: string }): Promise<boolean> {
      return (await endSession(db, personId, sessionId)) > 0;
    },

    /** Ends one session of a person, or all (null), for an admin. @returns how many there were; null where `by` is no admin any more. */
    async endSessions({ personId, sessionId, by }: { personId: string; sessionId: string | null; by: Doer }): Promise<number | null> {
      return alone(async (tx) => {
        if (!(await isAdmin(tx, by))) return null;
        return sessionId === null ? endSessions(tx, personId) : endSession(tx, personId, sessionId);
      });
    },

    /** Somebody is using the session. */
    async seen(sessionId: string): Promise<void> {
      await db.$executeRaw`UPDATE person_session SET last_seen_at = clock_timestamp() WHERE id = ${sessionId}::uuid`;
    },

    /** Notes a sign-in, and clears away sessions that ended by themselves and single sign-ons that nobody ended. */
    async signedIn(personId: string): Promise<void> {
      await db.$executeRaw`UPDATE person SET last_sign_in_at = clock_timestamp() WHERE id = ${personId}::uuid`;
      await db.$executeRaw`DELETE FROM person_session WHERE NOT (${LIVE})`;
      await db.$executeRaw`DELETE FROM sign_in_verification WHERE expires_at < clock_timestamp()`;
    },

    /** Whether a single sign-on with this state was begun, and has not ended. */
    async signOnUnderWay(state: string): Promise<boolean> {
      if (!SIGN_ON_STATE.test(state)) return false;
      return (await db.$queryRaw<unknown[]>`SELECT 1 FROM sign_in_verification WHERE identifier = ${`auth-state:${state}`} AND expires_at > clock_timestamp() LIMIT 1`).length > 0;
    },

    /** Whether nobody but demo people exists. */
    async isEmpty(): Promise<boolean> {
      return (await db.$queryRaw<unknown[]>`SELECT 1 FROM person WHERE NOT demo LIMIT 1`).length === 0;
    },
  };
}
