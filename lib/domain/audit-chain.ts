import { createHash } from "node:crypto";

/** What stands before the first row. */
export const GENESIS_HASH = "0".repeat(64);

/** A row of the audit log, whole. */
export interface AuditRow {
  seq: number;
  prevHash: string;
  hash: string;
  at: Date;
  kind: string;
  actId: string;
  queue: string;
  actorId: string;
  actorName: string;
  actorEmail: string | null;
  actorRole: string;
  action: string;
  target: string | null;
  reason: string | null;
  asked: string | null;
  before: string | null;
  after: string | null;
  outcome: string | null;
  error: string | null;
}

/** Where a walk has come to. */
export interface ChainPosition {
  seq: number;
  hash: string;
}
export const CHAIN_START: ChainPosition = { seq: 0, hash: GENESIS_HASH };

/**
 * Hash of a row over all it holds and the hash before it. Each field stands with its length, so that no two rows
 * read the same. The migration's `audit_link()` writes the same; a test holds the two together.
 */
export function auditHash(row: Omit<AuditRow, "hash">): string {
  const fields = [
    row.prevHash,
    String(row.seq),
    String(row.at.getTime()),
    row.kind,
    row.actId,
    row.queue,
    row.actorId,
    row.actorName,
    row.actorEmail,
    row.actorRole,
    row.action,
    row.target,
    row.reason,
    row.asked,
    row.before,
    row.after,
    row.outcome,
    row.error,
  ];
  const text = fields.map((field) => (field === null ? "-" : `${Buffer.byteLength(field)}:${field}`)).join(",");
  return createHash("sha256").update(text).digest("hex");
}

/** The first fault of a chain: the row it shows at, and in words what is wrong there. */
export interface ChainFault {
  seq: number;
  what: "missing" | "changed" | "unlinked" | "head";
  message: string;
}

/** Follows the chain over the next rows, which are in order. Stops at the first fault. */
export function followChain(from: ChainPosition, rows: readonly AuditRow[]): { position: ChainPosition; fault: ChainFault | null } {
  let position = from;
  for (const row of rows) {
    const expected = position.seq + 1;
    const fault = (what: ChainFault["what"], seq: number, message: string) => ({ position, fault: { what, seq, message } });
    if (row.seq !== expected) return fault("missing", expected, `Row ${expected} is missing: the next one is row ${row.seq}.`);
    if (auditHash(row) !== row.hash) return fault("changed", row.seq, `Row ${row.seq} was changed: what it holds does not give its hash.`);
    if (row.prevHash !== position.hash) {
      return fault("unlinked", row.seq, `Row ${row.seq} does not follow ${position.seq === 0 ? "the start" : `row ${position.seq}`}: it names another hash as the one before it.`);
    }
    position = { seq: row.seq, hash: row.hash };
  }
  return { position, fault: null };
}

/** Compares the end of a walk with what the log says of its own end: rows cut off the end leave no gap. */
export function checkHead(end: ChainPosition, head: ChainPosition): ChainFault | null {
  if (end.seq < head.seq) return { what: "missing", seq: end.seq + 1, message: `Row ${end.seq + 1} is missing: the log has had ${head.seq} rows.` };
  if (end.seq > head.seq || end.hash !== head.hash) return { what: "head", seq: end.seq, message: `The log's own end (row ${head.seq}) is not the last row (${end.seq}): one of the two was changed.` };
  return null;
}
