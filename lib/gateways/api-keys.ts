import { API_KEY_LIMITS, type ApiKey, type ApiKeyScope, type ApiKeyState } from "#lib/contracts/api-keys.ts";
import { Prisma, type PrismaClient } from "#prisma/client.ts";

/** A key as its creation names it. */
export interface NewApiKeyRow {
  id: string;
  hash: string;
  name: string;
  scopes: readonly ApiKeyScope[];
  createdBy: string;
  /** null = it never expires. */
  lifetimeSeconds: number | null;
}

export type InsertOutcome =
  | { outcome: "created"; apiKey: ApiKey }
  /** Two live keys have this name already. */
  | { outcome: "name_in_use" }
  | { outcome: "too_many" };

export type RotateOutcome = InsertOutcome | { outcome: "not_found" } | { outcome: "not_live"; apiKey: ApiKey };

export type RevokeOutcome = { outcome: "revoked" | "already_revoked"; apiKey: ApiKey } | { outcome: "not_found" };

/** A key that opens something now. */
export interface ActiveApiKey {
  id: string;
  hash: string;
  scopes: ApiKeyScope[];
  /** From now on, by the database's clock; null = never. */
  expiresInMs: number | null;
}

interface Row {
  id: string;
  name: string;
  scopes: ApiKeyScope[];
  state: ApiKeyState;
  createdAt: Date;
  createdBy: string;
  expiresAt: Date | null;
  revokedAt: Date | null;
  revokedBy: string | null;
  lastUsedAt: Date | null;
  rotatedFrom: string | null;
}

const LIVE = Prisma.sql`revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())`;
const COLUMNS = Prisma.sql`id, name, scopes, created_at AS "createdAt", created_by AS "createdBy", expires_at AS "expiresAt", revoked_at AS "revokedAt",
  revoked_by AS "revokedBy", last_used_at AS "lastUsedAt", rotated_from AS "rotatedFrom",
  CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= clock_timestamp() THEN 'expired' ELSE 'live' END AS state`;

function toApiKey(row: Row): ApiKey {
  return {
    ...row,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  };
}

const inSeconds = (seconds: number | null) => Prisma.sql`clock_timestamp() + make_interval(secs => ${seconds}::float8)`;

export type ApiKeys = ReturnType<typeof createApiKeys>;

/** The queue's keys of the public API. All methods throw when Postgres is away. */
export function createApiKeys({ db, queue }: { db: PrismaClient; queue: string }) {
  /** One at a time makes keys of a queue, so that the limits hold. */
  const alone = <T>(work: (tx: Prisma.TransactionClient) => Promise<T>): Promise<T> =>
    db.$transaction(async (tx) => {
      await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`api-keys:${queue}`}, 0))`;
      return work(tx);
    });

  async function find(client: Prisma.TransactionClient, id: string): Promise<ApiKey | null> {
    const [row] = await client.$queryRaw<Row[]>`SELECT ${COLUMNS} FROM api_key WHERE queue = ${queue} AND id = ${id}`;
    return row === undefined ? null : toApiKey(row);
  }

  async function add(tx: Prisma.TransactionClient, key: NewApiKeyRow, rotatedFrom: string | null): Promise<InsertOutcome> {
    const [live] = await tx.$queryRaw<{ all: number; ofName: number }[]>`
      SELECT count(*)::int AS all, (count(*) FILTER (WHERE name = ${key.name}))::int AS "ofName" FROM api_key WHERE queue = ${queue} AND ${LIVE}`;
    if ((live?.ofName ?? 0) >= API_KEY_LIMITS.livePerName) return { outcome: "name_in_use" };
    if ((live?.all ?? 0) >= API_KEY_LIMITS.live) return { outcome: "too_many" };
    const [row] = await tx.$queryRaw<Row[]>`
      INSERT INTO api_key (id, queue, name, hash, scopes, created_by, expires_at, rotated_from)
      VALUES (${key.id}, ${queue}, ${key.name}, ${key.hash}, ${[...key.scopes]}::text[], ${key.createdBy}, ${inSeconds(key.lifetimeSeconds)}, ${rotatedFrom})
      RETURNING ${COLUMNS}`;
    if (row === undefined) throw new Error("the new key was not given back");
    return { outcome: "created", apiKey: toApiKey(row) };
  }

  return {
    /** Adds a key, unless two live ones have its name. */
    insert: (key: NewApiKeyRow): Promise<InsertOutcome> => alone((tx) => add(tx, key, null)),

    /**
     * Adds a key beside a live one: same name, same scopes, the same lifetime from now on.
     * @param overlapSeconds how long the old one goes on at most; null leaves its end as it is.
     */
    async rotate({ from, id, hash, createdBy, overlapSeconds }: { from: string; id: string; hash: string; createdBy: string; overlapSeconds: number | null }): Promise<RotateOutcome> {
      return alone(async (tx): Promise<RotateOutcome> => {
        const old = await find(tx, from);
        if (old === null) return { outcome: "not_found" };
        if (old.state !== "live") return { outcome: "not_live", apiKey: old };
        const lifetimeSeconds = old.expiresAt === null ? null : (Date.parse(old.expiresAt) - Date.parse(old.createdAt)) / 1000;
        const added = await add(tx, { id, hash, name: old.name, scopes: old.scopes, createdBy, lifetimeSeconds }, from);
        if (added.outcome === "created" && overlapSeconds !== null) {
          await tx.$executeRaw`UPDATE api_key SET expires_at = least(expires_at, ${inSeconds(overlapSeconds)}) WHERE queue = ${queue} AND id = ${from}`;
        }
        return added;
      });
    },

    /** Ends a key for good; the first to do so stays its revoker. */
    async revoke({ id, by }: { id: string; by: string }): Promise<RevokeOutcome> {
      const [row] = await db.$queryRaw<Row[]>`
        UPDATE api_key SET revoked_at = clock_timestamp(), revoked_by = ${by} WHERE queue = ${queue} AND id = ${id} AND revoked_at IS NULL RETURNING ${COLUMNS}`;
      if (row !== undefined) return { outcome: "revoked", apiKey: toApiKey(row) };
      const found = await find(db, id);
      return found === null ? { outcome: "not_found" } : { outcome: "already_revoked", apiKey: found };
    },

    find: (id: string): Promise<ApiKey | null> => find(db, id),

    /** Every live key, and the latest `endedLimit` others; newest first. */
    async list({ endedLimit }: { endedLimit: number }): Promise<{ items: ApiKey[]; moreEnded: boolean }> {
      const [live, ended] = await Promise.all([
        db.$queryRaw<Row[]>`SELECT ${COLUMNS} FROM api_key WHERE queue = ${queue} AND ${LIVE} ORDER BY created_at DESC, id LIMIT ${API_KEY_LIMITS.live}`,
        db.$queryRaw<Row[]>`SELECT ${COLUMNS} FROM api_key WHERE queue = ${queue} AND NOT (${LIVE}) ORDER BY created_at DESC, id LIMIT ${endedLimit + 1}`,
      ]);
      // A key may end between the two reads: it is listed once.
      const rows = new Map([...live, ...ended.slice(0, endedLimit)].map((row) => [row.id, row]));
      return { items: [...rows.values()].map(toApiKey), moreEnded: ended.length > endedLimit };
    },

    /** Every key that opens something now, with its hash. */
    async active(): Promise<ActiveApiKey[]> {
      return db.$queryRaw<ActiveApiKey[]>`
        SELECT id, hash, scopes, extract(epoch FROM expires_at - clock_timestamp())::float8 * 1000 AS "expiresInMs"
        FROM api_key WHERE queue = ${queue} AND ${LIVE}`;
    },

    /** Notes uses; an earlier one never replaces a later one. @param usedAgoMs since the use, milliseconds. */
    async markUsed(uses: readonly { id: string; usedAgoMs: number }[]): Promise<void> {
      if (uses.length === 0) return;
      await db.$executeRaw`
        UPDATE api_key SET last_used_at = greatest(last_used_at, used.at)
        FROM (SELECT id, clock_timestamp() - make_interval(secs => ago / 1000) AS at
              FROM unnest(${uses.map(({ id }) => id)}::text[], ${uses.map(({ usedAgoMs }) => usedAgoMs)}::float8[]) AS given (id, ago)) AS used
        WHERE api_key.queue = ${queue} AND api_key.id = used.id`;
    },
  };
}
