import { Button } from "@mantine/core";
import { Instant } from "#components/ui/instant.tsx";
import { type RecordColumn, RecordTable } from "#components/ui/record-table.tsx";
import { Tag } from "#components/ui/tag.tsx";
import type { ApiKey } from "#lib/contracts/api-keys.ts";
import { visibleText } from "#lib/view/json-text.ts";
import { expiryWords, SCOPES, stateWords } from "./words.ts";
import classes from "./keys.module.css";

const COLUMNS = [
  { key: "name", header: "Name", bare: true },
  { key: "scopes", header: "Scopes", width: "8rem" },
  { key: "state", header: "State", width: "11rem" },
  { key: "created", header: "Created", width: "14rem" },
  { key: "expires", header: "Expires", width: "9rem" },
  { key: "used", header: "Last used", width: "8rem" },
] as const satisfies readonly RecordColumn<string>[];
const ACTS = { key: "acts", header: "Actions", width: "11.5rem", bare: true } as const;
const ENDED = { key: "acts", header: "Ended by", width: "14rem" } as const;

function Expires({ at, nowMs }: { at: string | null; nowMs: number | null }) {
  if (at === null) return <span className={classes.dim}>never</span>;
  if (nowMs === null) return <Instant at={at} nowMs={nowMs} />;
  return (
    <time dateTime={at} title={at.replace("T", " ").replace("Z", " UTC")}>
      {expiryWords(at, nowMs)}
    </time>
  );
}

export interface KeysTableProps {
  /** Accessible name of the table. */
  label: string;
  items: readonly ApiKey[];
  /** Keys that another one was made to replace. */
  replaced: ReadonlySet<string>;
  nowMs: number | null;
  /** null where none of them can be acted on. */
  acts: { onRotate: (key: ApiKey) => void; onRevoke: (key: ApiKey) => void } | null;
}

/** Keys, one a row; a card each where there is no room for columns. */
export function KeysTable({ label, items, replaced, nowMs, acts }: KeysTableProps) {
  const rows = items.map((key) => {
    const { label: state, tone } = stateWords(key, nowMs);
    return {
      key: key.id,
      cells: {
        name: (
          <span className={classes.name}>
            <strong title={key.name}>{visibleText(key.name)}</strong>
            <span className={`${classes.id} mono`} title={`Public part of the key: sw_live_${key.id}`}>
              {key.id}
            </span>
          </span>
        ),
        scopes: key.scopes.map((scope) => SCOPES[scope].label).join(", "),
        state: (
          <span className={classes.state}>
            <Tag tone={tone}>{state}</Tag>
            {acts !== null && replaced.has(key.id) && <span className={classes.dim}>being replaced</span>}
          </span>
        ),
        created: (
          <span title={`by ${key.createdBy}`}>
            <Instant at={key.createdAt} nowMs={nowMs} /> <span className={classes.dim}>by {visibleText(key.createdBy)}</span>
          </span>
        ),
        expires: key.state === "revoked" ? <span className={classes.dim}>–</span> : <Expires at={key.expiresAt} nowMs={nowMs} />,
        used: key.lastUsedAt === null ? <span className={classes.dim}>never</span> : <Instant at={key.lastUsedAt} nowMs={nowMs} />,
        acts:
          acts === null ? (
            key.revokedAt === null ? (
              <span className={classes.dim}>its expiry</span>
            ) : (
              <span title={`by ${key.revokedBy ?? "unknown"}`}>
                {visibleText(key.revokedBy ?? "unknown")} <span className={classes.dim}>{<Instant at={key.revokedAt} nowMs={nowMs} />}</span>
              </span>
            )
          ) : (
            <span className={classes.acts}>
              <Button size="compact-xs" variant="default" aria-label={`Rotate ${key.name} ${key.id}`} onClick={() => acts.onRotate(key)}>
                Rotate
              </Button>
              <Button size="compact-xs" variant="default" aria-label={`Revoke ${key.name} ${key.id}`} onClick={() => acts.onRevoke(key)}>
                Revoke
              </Button>
            </span>
          ),
      },
    };
  });
  return <RecordTable label={label} columns={[...COLUMNS, acts === null ? ENDED : ACTS]} rows={rows} />;
}
