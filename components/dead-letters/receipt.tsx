import { Anchor } from "@mantine/core";
import Link from "next/link";
import { CopyText } from "#components/ui/copy-text.tsx";
import { Instant } from "#components/ui/instant.tsx";
import { type RecordColumn, RecordTable } from "#components/ui/record-table.tsx";
import { Tag } from "#components/ui/tag.tsx";
import type { RedriveItemState, RedriveReceipt, RedriveRun } from "#lib/contracts/dead-letters.ts";
import { visibleText } from "#lib/view/json-text.ts";
import { ITEM_STATES, REASONS } from "./words.ts";
import { addressOfView } from "./view-state.ts";
import classes from "./dead-letters.module.css";

const ORDER = ["stored", "bounced", "sent", "pending"] as const satisfies readonly RedriveItemState[];

/** The counts of a run as figures and as one bar. */
export function RunProgress({ run }: { run: RedriveRun }) {
  return (
    <div className={classes.progress}>
      <div className={classes.bar} aria-hidden="true">
        {ORDER.map((state) => (
          <span key={state} data-state={state} data-zero={run.counts[state] === 0 || undefined} style={{ flexGrow: run.counts[state] }} />
        ))}
      </div>
      <dl className={classes.progressCounts} aria-label="Outcome">
        {ORDER.map((state) => (
          <div key={state} data-state={state} data-zero={run.counts[state] === 0 || undefined}>
            <dt>{ITEM_STATES[state].label}</dt>
            <dd className="mono">{run.counts[state].toLocaleString("en-US")}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

const COLUMNS = [
  { key: "activity", header: "Activity", width: "24%", bare: true },
  { key: "user", header: "User", width: "18%" },
  { key: "state", header: "Outcome", width: "7rem" },
  { key: "sent", header: "Sent", width: "6.5rem" },
  { key: "resolved", header: "Resolved", width: "6.5rem" },
  { key: "bounced", header: "Why it bounced" },
] as const satisfies readonly RecordColumn<string>[];

type Item = RedriveReceipt["items"][number];

function Bounced({ item, onOpenDeath }: { item: Item; onOpenDeath?: ((id: string) => void) | undefined }) {
  const { bouncedDeathId: id, bouncedReason, bouncedError } = item;
  if (id === null) return <span className={classes.dim}>–</span>;
  const label = `New death of ${item.activityId ?? item.deathId}`;
  return (
    <span title={bouncedError ?? undefined}>
      {bouncedReason && `${REASONS[bouncedReason].label}. `}
      {onOpenDeath ? (
        <Anchor component="button" type="button" size="sm" aria-label={label} onClick={() => onOpenDeath(id)}>
          New death
        </Anchor>
      ) : (
        <Anchor component={Link} size="sm" aria-label={label} href={addressOfView({ status: "all", death: id, run: null })}>
          New death
        </Anchor>
      )}
    </span>
  );
}

export interface ReceiptItemsProps {
  items: readonly Item[];
  nowMs: number | null;
  /** Opens a death beside the list; without it the death is a link. */
  onOpenDeath?: (id: string) => void;
}

/** What became of each death of a run. */
export function ReceiptItems({ items, nowMs, onOpenDeath }: ReceiptItemsProps) {
  const when = (at: string | null) => (at === null ? <span className={classes.dim}>–</span> : <Instant at={at} nowMs={nowMs} />);
  const rows = items.map((item) => ({
    key: item.deathId,
    cells: {
      activity: (
        <span className="mono" title={item.activityId ?? item.deathId}>
          {item.activityId ?? item.deathId}
        </span>
      ),
      user: item.userId === null ? <span className={classes.dim}>unknown</span> : <span title={item.userId}>{visibleText(item.userId)}</span>,
      state: <Tag tone={ITEM_STATES[item.state].tone}>{ITEM_STATES[item.state].label}</Tag>,
      sent: when(item.sentAt),
      resolved: when(item.resolvedAt),
      bounced: <Bounced item={item} onOpenDeath={onOpenDeath} />,
    },
  }));
  return <RecordTable label="Redrive receipt" columns={COLUMNS} rows={rows} />;
}

/** Who started a run, when and why, with its id to copy. */
export function RunFacts({ run, nowMs }: { run: RedriveRun; nowMs: number | null }) {
  return (
    <p className={classes.runFacts}>
      “{visibleText(run.reason)}” · {visibleText(run.actor)} · <Instant at={run.createdAt} nowMs={nowMs} />
      {run.finishedAt !== null && (
        <>
          {" · finished "}
          <Instant at={run.finishedAt} nowMs={nowMs} />
        </>
      )}
      {" · run "}
      <span className="mono">{run.id.slice(0, 8)}</span>
      <CopyText text={run.id} what="run id" />
    </p>
  );
}
