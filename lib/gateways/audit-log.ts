import type { Actor } from "#lib/contracts/actor.ts";
import { AUDIT_TEXT_LIMITS, type AuditAction, type AuditAct, type AuditKind, type AuditLink, type AuditOutcome } from "#lib/contracts/audit.ts";
import { type AuditRow, type ChainPosition, GENESIS_HASH } from "#lib/domain/audit-chain.ts";
import { Prisma, type PrismaClient } from "#prisma/client.ts";

/** The audit log cannot be written, so nothing that it must tell of may be done. */
export class AuditUnavailable extends Error {
  constructor(cause: unknown) {
    super("The audit log cannot be written.", { cause });
    this.name = "AuditUnavailable";
  }
}

/** What an act is, said before it. */
export interface AuditIntent {
  actId: string;
  actor: Actor;
  action: AuditAction;
  /** What it is done to: a run's id, a key's id, a person's; the queue where nothing is named. */
  target?: string | undefined;
  reason?: string | undefined;
  /** What was asked for, and how things stood: anything JSON can hold, never a secret. */
  asked?: unknown;
  before?: unknown;
}

/** How an act ended. */
export interface AuditEnd {
  outcome: AuditOutcome;
  error?: string | undefined;
  after?: unknown;
}

/** Which acts to list; what is left out does not narrow. */
export interface AuditFilter {
  id?: string | undefined;
  /** Part of a name or an e-mail address in any case, or a whole id. */
  who?: string | undefined;
  actions?: readonly string[] | undefined;
  /** `none`: no outcome is written. */
  outcome?: AuditOutcome | "none" | undefined;
  /** Both inclusive. */
  from?: Date | undefined;
  to?: Date | undefined;
}

interface ActRow {
  id: string;
  at: Date;
  action: string;
  actor_id: string;
  actor_name: string;
  actor_email: string | null;
  actor_role: string;
  target: string | null;
  reason: string | null;
  asked: string | null;
  before: string | null;
  after: string | null;
  outcome: AuditOutcome | null;
  error: string | null;
  ended_at: Date | null;
  seq: bigint;
  prev_hash: string;
  hash: string;
  end_seq: bigint | null;
  end_prev_hash: string | null;
  end_hash: string | null;
}

/** Text that Postgres can hold, cut where it is too long. */
function clean(text: string, maxCharacters: number): string {
  const whole = text.replaceAll("\0", "\uFFFD").toWellFormed();
  return whole.length <= maxCharacters ? whole : `${whole.slice(0, maxCharacters - 1).toWellFormed()}…`;
}

function jsonText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const text = JSON.stringify(value);
  // What is too long to keep says so, and stays JSON.
  return text.length <= AUDIT_TEXT_LIMITS.details ? text : JSON.stringify({ tooLong: true, characters: text.length, starts: text.slice(0, 1_000).toWellFormed() });
}

const orNull = (text: string | undefined, maxCharacters: number) => (text === undefined || text === "" ? null : clean(text, maxCharacters));
const likePattern = (text: string) => `%${text.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`;

function linkOf(seq: bigint | null, prevHash: string | null, hash: string | null): AuditLink | null {
  return seq === null || prevHash === null || hash === null ? null : { seq: Number(seq), prevHash, hash };
}

function toAct(row: ActRow): AuditAct {
  return {
    id: row.id,
    at: row.at.toISOString(),
    action: row.action,
    actor: { id: row.actor_id, name: row.actor_name, email: row.actor_email, role: row.actor_role },
    target: row.target,
    reason: row.reason,
    asked: row.asked,
    before: row.before,
    after: row.after,
    outcome: row.outcome,
    error: row.error,
    endedAt: row.ended_at?.toISOString() ?? null,
    links: { first: { seq: Number(row.seq), prevHash: row.prev_hash, hash: row.hash }, outcome: linkOf(row.end_seq, row.end_prev_hash, row.end_hash) },
  };
}

function conditions({ id, who, actions, outcome, from, to }: AuditFilter): Prisma.Sql[] {
  return [
    ...(id ? [Prisma.sql`a.act_id = ${id}::uuid`] : []),
    ...(who ? [Prisma.sql`(a.actor_id = ${who} OR a.actor_name ILIKE ${likePattern(who)} OR a.actor_email ILIKE ${likePattern(who)})`] : []),
    ...(actions?.length ? [Prisma.sql`a.action IN (${Prisma.join([...actions])})`] : []),
    ...(outcome === "none" ? [Prisma.sql`a.kind = 'intent' AND o.seq IS NULL`] : outcome ? [Prisma.sql`coalesce(o.outcome, a.outcome) = ${outcome}`] : []),
    ...(from ? [Prisma.sql`a.at >= ${from}`] : []),
    ...(to ? [Prisma.sql`a.at <= ${to}`] : []),
  ];
}

export type AuditLog = ReturnType<typeof createAuditLog>;

/**
 * The audit log: one chain over all processes. Rows are only added, never in a longer transaction: the next writer
 * waits for it. All methods throw when Postgres is away.
 */
export function createAuditLog({ db, queue }: { db: Pick<PrismaClient, "$queryRaw" | "$executeRaw">; queue: string }) {
  async function insert(kind: AuditKind, { actId, actor, action, target, reason, asked, before }: AuditIntent, end?: AuditEnd): Promise<void> {
    const { name, target: targetLimit, reason: reasonLimit, error } = AUDIT_TEXT_LIMITS;
    await db.$executeRaw`
      INSERT INTO audit (kind, act_id, queue, actor_id, actor_name, actor_email, actor_role, action, target, reason, asked, before, after, outcome, error)
      VALUES (${kind}, ${actId}::uuid, ${queue}, ${clean(actor.id, name)}, ${clean(actor.name, name)}, ${actor.email === null ? null : clean(actor.email, name)},
        ${actor.role}, ${action}, ${orNull(target, targetLimit)}, ${orNull(reason, reasonLimit)}, ${jsonText(asked)}, ${jsonText(before)},
        ${jsonText(end?.after)}, ${end?.outcome ?? null}, ${orNull(end?.error, error)})`;
  }

  return {
    /** Says what is about to be done. @throws AuditUnavailable: then it must not be done. */
    async intent(intent: AuditIntent): Promise<void> {
      try {
        await insert("intent", intent);
      } catch (cause) {
        throw new AuditUnavailable(cause);
      }
    },

    /** Says how it ended; once per act. */
    outcome: ({ actId, actor, action, target }: AuditIntent, end: AuditEnd) => insert("outcome", { actId, actor, action, target }, end),

    /** Says in one row what has happened, where there is nothing to hold back: a sign-in that was refused. */
    event: (event: AuditIntent, end: AuditEnd) => insert("event", event, end),

    /** Acts, the newest first. @param before only those whose first row stands before this one. */
    async acts(filter: AuditFilter, { before, limit }: { before?: number | undefined; limit: number }): Promise<AuditAct[]> {
      const where = [Prisma.sql`a.queue = ${queue}`, Prisma.sql`a.kind <> 'outcome'`, ...(before === undefined ? [] : [Prisma.sql`a.seq < ${before}::bigint`]), ...conditions(filter)];
      const rows = await db.$queryRaw<ActRow[]>`
        SELECT a.act_id::text AS id, a.at, a.action, a.actor_id, a.actor_name, a.actor_email, a.actor_role, a.target, a.reason, a.asked, a.before,
          coalesce(o.after, a.after) AS after, coalesce(o.outcome, a.outcome) AS outcome, coalesce(o.error, a.error) AS error,
          CASE a.kind WHEN 'event' THEN a.at ELSE o.at END AS ended_at,
          a.seq, a.prev_hash, a.hash, o.seq AS end_seq, o.prev_hash AS end_prev_hash, o.hash AS end_hash
        FROM audit a LEFT JOIN audit o ON a.kind = 'intent' AND o.act_id = a.act_id AND o.kind = 'outcome'
        WHERE ${Prisma.join(where, " AND ")} ORDER BY a.seq DESC LIMIT ${limit}`;
      return rows.map(toAct);
    },

    /** Rows of the chain in order, of every queue, as they stand. */
    async rowsAfter(seq: number, limit: number): Promise<AuditRow[]> {
      const rows = await db.$queryRaw<(Omit<AuditRow, "seq"> & { seq: bigint })[]>`
        SELECT seq, prev_hash AS "prevHash", hash, at, kind, act_id::text AS "actId", queue, actor_id AS "actorId", actor_name AS "actorName",
          actor_email AS "actorEmail", actor_role AS "actorRole", action, target, reason, asked, before, after, outcome, error
        FROM audit WHERE seq > ${seq}::bigint ORDER BY seq LIMIT ${limit}`;
      return rows.map((row) => Object.assign(row, { seq: Number(row.seq) }));
    },

    /** Whether the database stops this process from changing or removing rows: not where it logs in as the tables' owner. */
    async isProtected(): Promise<boolean> {
      const [row] = await db.$queryRaw<{ free: boolean }[]>`
        SELECT pg_has_role(relowner, 'USAGE') OR has_table_privilege(oid, 'UPDATE, DELETE, TRUNCATE') AS free FROM pg_class WHERE oid = 'audit'::regclass`;
      return row?.free === false;
    },

    /** Where the chain says it ends. */
    async head(): Promise<ChainPosition> {
      const [row] = await db.$queryRaw<{ seq: bigint; hash: string }[]>`SELECT seq, hash FROM audit_head WHERE id = 1`;
      return row ? { seq: Number(row.seq), hash: row.hash } : { seq: 0, hash: GENESIS_HASH };
    },
  };
}
