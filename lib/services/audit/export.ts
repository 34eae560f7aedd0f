import type { Allowed } from "#lib/contracts/actor.ts";
import type { AuditAct, AuditExportRequest } from "#lib/contracts/audit.ts";
import { CSV_START, csvLine } from "#lib/domain/csv.ts";
import type { AuditLog } from "#lib/gateways/audit-log.ts";
import { toFilter } from "./list.ts";

/** Acts read at once. */
const PAGE = 500;

const COLUMNS: readonly (readonly [name: string, of: (act: AuditAct) => string | number | null])[] = [
  ["row", ({ links }) => links.first.seq],
  ["at", ({ at }) => at],
  ["actor_id", ({ actor }) => actor.id],
  ["actor_name", ({ actor }) => actor.name],
  ["actor_email", ({ actor }) => actor.email],
  ["actor_role", ({ actor }) => actor.role],
  ["action", ({ action }) => action],
  ["target", ({ target }) => target],
  ["reason", ({ reason }) => reason],
  ["outcome", ({ outcome }) => outcome],
  ["error", ({ error }) => error],
  ["ended_at", ({ endedAt }) => endedAt],
  ["asked", ({ asked }) => asked],
  ["before", ({ before }) => before],
  ["after", ({ after }) => after],
  ["id", ({ id }) => id],
  ["hash", ({ links }) => links.first.hash],
  ["outcome_row", ({ links }) => links.outcome?.seq ?? null],
  ["outcome_hash", ({ links }) => links.outcome?.hash ?? null],
];

function text(acts: readonly AuditAct[], format: AuditExportRequest["format"]): string {
  if (format === "ndjson") return acts.map((act) => `${JSON.stringify(act)}\n`).join("");
  return acts.map((act) => csvLine(COLUMNS.map(([, of]) => of(act)))).join("");
}

/**
 * All acts that fit a filter, the newest first, in pieces of a file, each with the number of acts in it. Those written
 * after the first piece was read are not part of it.
 */
export async function* exportActs({
  ctx,
  input,
}: {
  ctx: { audit: Pick<AuditLog, "acts"> };
  by: Allowed<"audit:read">;
  input: AuditExportRequest;
}): AsyncGenerator<{ text: string; acts: number }, void, void> {
  const { format, ...query } = input;
  const filter = toFilter(query);
  if (format === "csv") yield { text: CSV_START + csvLine(COLUMNS.map(([name]) => name)), acts: 0 };
  let before: number | undefined;
  for (;;) {
    const acts = await ctx.audit.acts(filter, { before, limit: PAGE });
    if (acts.length > 0) yield { text: text(acts, format), acts: acts.length };
    before = acts.at(-1)?.links.first.seq;
    if (acts.length < PAGE) return;
  }
}
