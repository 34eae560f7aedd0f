import { Checkbox } from "@mantine/core";
import { Instant } from "#components/ui/instant.tsx";
import { OpenDetails } from "#components/ui/open-details.tsx";
import { type RecordColumn, RecordTable } from "#components/ui/record-table.tsx";
import { Tag } from "#components/ui/tag.tsx";
import type { DeadLetter } from "#lib/contracts/dead-letters.ts";
import { visibleText } from "#lib/view/json-text.ts";
import { isSelectable } from "./selection.ts";
import { nameOf, REASONS, statusWords } from "./words.ts";
import classes from "./dead-letters.module.css";

const COLUMNS = [
  { key: "name", header: "Activity", width: "15%", bare: true },
  { key: "user", header: "User", width: "11%" },
  { key: "type", header: "Type", width: "8.5%" },
  { key: "reason", header: "Reason", width: "10.5rem" },
  { key: "error", header: "Error" },
  { key: "attempts", header: "Attempts", width: "5.5rem", numeric: true },
  { key: "died", header: "Died", width: "6.5rem" },
  { key: "status", header: "Status", width: "11.5rem" },
] as const satisfies readonly RecordColumn<string>[];

function Unknown() {
  return <span className={classes.dim}>unknown</span>;
}

/** State of a death; awaiting sweep is said beside it, since it is no failure. */
export function Status({ death }: { death: DeadLetter }) {
  const { label, tone, meaning } = statusWords(death);
  return (
    <span className={classes.status}>
      <Tag tone={tone} title={meaning}>
        {label}
      </Tag>
      {death.awaitingSweep && (
        <span className={classes.dim} title="The dead-letter queue still holds its copy; the sweeper removes it.">
          awaiting sweep
        </span>
      )}
    </span>
  );
}

export interface DeadLettersTableProps {
  items: readonly DeadLetter[];
  /** Null = the reader can do nothing with rows but read them. */
  selected: ReadonlySet<string> | null;
  nowMs: number | null;
  busy: boolean;
  /** `range` = with the shift key: from the row chosen last. */
  onSelect: (id: string, chosen: boolean, range: boolean) => void;
  onSelectAll: (chosen: boolean) => void;
  onOpen: (id: string) => void;
}

/** A page of the ledger. */
export function DeadLettersTable({ items, selected, nowMs, busy, onSelect, onSelectAll, onOpen }: DeadLettersTableProps) {
  const selectable = items.filter(isSelectable);
  const chosenHere = selectable.filter(({ id }) => selected?.has(id)).length;
  const select = {
    key: "select",
    header: "All on this page",
    width: "42px",
    bare: true,
    head: (
      <Checkbox
        size="xs"
        aria-label="Select all on this page"
        checked={selectable.length > 0 && chosenHere === selectable.length}
        indeterminate={chosenHere > 0 && chosenHere < selectable.length}
        disabled={selectable.length === 0}
        onChange={(event) => onSelectAll(event.currentTarget.checked)}
      />
    ),
  } as const;
  const rows = items.map((death) => {
    const name = nameOf(death);
    const reason = REASONS[death.reason];
    return {
      key: death.id,
      selected: selected?.has(death.id) ?? false,
      cells: {
        select: (
          <Checkbox
            size="xs"
            aria-label={`Select ${name}`}
            checked={selected?.has(death.id) ?? false}
            disabled={!isSelectable(death)}
            onChange={(event) => onSelect(death.id, event.currentTarget.checked, (event.nativeEvent as Partial<MouseEvent>).shiftKey === true)}
          />
        ),
        name: (
          <OpenDetails mono label={`Details of ${name}`} title={name} onClick={() => onOpen(death.id)}>
            {name}
          </OpenDetails>
        ),
        user: death.userId === null ? <Unknown /> : <span title={death.userId}>{visibleText(death.userId)}</span>,
        type: death.type === null ? <Unknown /> : <span title={death.type}>{visibleText(death.type)}</span>,
        reason: <span title={reason.meaning}>{reason.label}</span>,
        error: (
          <span className={classes.error} title={death.error}>
            {visibleText(death.error)}
          </span>
        ),
        attempts: death.attempts,
        died: <Instant at={death.diedAt} nowMs={nowMs} />,
        status: <Status death={death} />,
      },
    };
  });
  return <RecordTable label="Dead letters" columns={selected === null ? COLUMNS : [select, ...COLUMNS]} rows={rows} busy={busy} />;
}
