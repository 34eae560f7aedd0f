import { Instant } from "#components/ui/instant.tsx";
import { OpenDetails } from "#components/ui/open-details.tsx";
import { type RecordColumn, RecordTable } from "#components/ui/record-table.tsx";
import { Tag } from "#components/ui/tag.tsx";
import type { AuditAct } from "#lib/contracts/audit.ts";
import { jsonChanges, type JsonChange } from "#lib/view/json-changes.ts";
import { visibleText } from "#lib/view/json-text.ts";
import { actionWords } from "./view-state.ts";
import { fieldWords, outcomeWords } from "./words.ts";
import classes from "./audit.module.css";

const COLUMNS = [
  { key: "what", header: "What", width: "13rem", bare: true },
  { key: "who", header: "Who", width: "14%" },
  { key: "when", header: "When", width: "11rem" },
  { key: "target", header: "On", width: "14%" },
  { key: "change", header: "Change" },
  { key: "reason", header: "Reason", width: "16%" },
  { key: "outcome", header: "Outcome", width: "7.5rem" },
] as const satisfies readonly RecordColumn<string>[];

/** Changes named in a row; the rest is in the details. */
const CHANGES = 3;

function changeText({ name, from, to }: JsonChange): string {
  const text = from === null ? (to ?? "") : `${from} → ${to ?? "none"}`;
  return visibleText(name === "" ? text : `${fieldWords(name)} ${text}`).slice(0, 120);
}

/** Counts of changes say nothing here, and neither does what was left out. */
const isTelling = ({ name, from, to }: JsonChange): boolean => name !== "version" && name !== "expectedVersion" && !(from === null && to === "null");

/** What an act changed; where that is nothing or not known, what was asked for, or else what came of it. */
export function changesOf({ before, after, asked }: Pick<AuditAct, "before" | "after" | "asked">): JsonChange[] {
  const changed = before === null ? [] : jsonChanges(before, after ?? before).filter(isTelling);
  if (changed.length > 0) return changed;
  return jsonChanges(null, asked ?? (before === null ? after : null)).filter(isTelling);
}

function Change({ act }: { act: AuditAct }) {
  const changes = changesOf(act);
  if (changes.length === 0) return <span className={classes.dim}>–</span>;
  return (
    <span title={changes.map(changeText).join("\n").slice(0, 1_000)}>
      {changes.slice(0, CHANGES).map((change) => (
        <span key={change.name} className={classes.change}>
          {changeText(change)}
        </span>
      ))}
      {changes.length > CHANGES && <span className={classes.dim}> +{changes.length - CHANGES}</span>}
    </span>
  );
}

/** How it ended. */
export function Outcome({ act, nowMs }: { act: AuditAct; nowMs: number | null }) {
  const { label, tone, meaning } = outcomeWords(act, nowMs);
  return (
    <Tag tone={tone} title={meaning}>
      {label}
    </Tag>
  );
}

export interface ActsTableProps {
  items: readonly AuditAct[];
  nowMs: number | null;
  busy: boolean;
  onOpen: (id: string) => void;
}

/** A page of the audit log. */
export function ActsTable({ items, nowMs, busy, onOpen }: ActsTableProps) {
  const rows = items.map((act) => ({
    key: act.id,
    cells: {
      what: (
        <OpenDetails label={`Details of ${actionWords(act.action)}, row ${act.links.first.seq}`} title={act.action} onClick={() => onOpen(act.id)}>
          {actionWords(act.action)}
        </OpenDetails>
      ),
      who: <span title={`${act.actor.email ?? act.actor.id} (${act.actor.role})`}>{visibleText(act.actor.name)}</span>,
      when: <Instant at={act.at} nowMs={nowMs} as="time" />,
      target: act.target === null ? <span className={classes.dim}>–</span> : <span title={act.target}>{visibleText(act.target)}</span>,
      change: <Change act={act} />,
      reason: act.reason === null ? <span className={classes.dim}>–</span> : <span title={act.reason}>{visibleText(act.reason)}</span>,
      outcome: <Outcome act={act} nowMs={nowMs} />,
    },
  }));
  return <RecordTable label="Audit log" columns={COLUMNS} rows={rows} busy={busy} />;
}
