import type { ReactNode } from "react";
import { Failure, ListSkeleton, Nothing, StaleNotice } from "#components/ui/feedback.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { Screen } from "#components/ui/screen.tsx";
import type { DeadLetterList, FailingMessage, RedriveRun } from "#lib/contracts/dead-letters.ts";
import { CountsHeader } from "./counts-header.tsx";
import { DeadLettersTable, type DeadLettersTableProps } from "./dead-letters-table.tsx";
import { DeathDrawer, type DeathDrawerProps } from "./death-drawer.tsx";
import { ListToolbar, type ListToolbarProps } from "./list-toolbar.tsx";
import { ReceiptPanel, type ReceiptPanelProps } from "./receipt-panel.tsx";
import { RedriveDialog, type RedriveDialogProps } from "./redrive-dialog.tsx";
import { FailingNow, RecentRuns, type SideList } from "./side-lists.tsx";
import classes from "./dead-letters.module.css";

export type LedgerState =
  | { kind: "loading" }
  | { kind: "failed"; message: string }
  | {
      kind: "page";
      list: DeadLetterList;
      /** When it was read, ISO 8601. */
      asOf: string;
      /** The last poll failed: what is shown is old. */
      stale: { age: string; message: string } | null;
      /** Another page or filter is on its way. */
      busy: boolean;
    };

export interface DeadLettersScreenProps {
  ledger: LedgerState;
  toolbar: ListToolbarProps;
  table: Pick<DeadLettersTableProps, "selected" | "onSelect" | "onSelectAll" | "onOpen">;
  pager: { page: number; onNewer: () => void; onOlder: () => void };
  run: ReceiptPanelProps | null;
  failing: SideList<FailingMessage>;
  runs: SideList<RedriveRun>;
  drawer: DeathDrawerProps;
  dialog: RedriveDialogProps;
  nowMs: number | null;
  onRetry: () => void;
}

function Empty({ toolbar, page, live }: { toolbar: ListToolbarProps; page: number; live: boolean }) {
  if (!live) return <Nothing title="Nothing was listed here when it was last read" />;
  if (page > 1) return <Nothing title="Nothing on this page any more">Go back to newer ones.</Nothing>;
  if (toolbar.user !== "") return <Nothing title="No dead letters of this user with this status" />;
  if (toolbar.status === "all") return <Nothing title="No dead letters. Nothing has failed for good." />;
  if (toolbar.status === "open") {
    return (
      <Nothing title="No dead letters. Nothing has failed for good.">
        <p>Those already redriven are under Stored, Bounced and All.</p>
      </Nothing>
    );
  }
  return <Nothing title={toolbar.status === "stored" ? "None has been redriven and stored" : "None has bounced"} />;
}

function Ledger({ ledger, toolbar, table, pager, nowMs, onRetry }: DeadLettersScreenProps): ReactNode {
  if (ledger.kind === "loading") return <ListSkeleton label="Loading dead letters" rows={8} />;
  if (ledger.kind === "failed") return <Failure title="The dead letters could not be read" message={ledger.message} onRetry={onRetry} />;
  const { list, stale, busy, asOf } = ledger;
  return (
    <>
      {stale && <StaleNotice age={stale.age} message={stale.message} />}
      {list.items.length === 0 ? <Empty toolbar={toolbar} page={pager.page} live={stale === null} /> : <DeadLettersTable {...table} items={list.items} nowMs={nowMs} busy={busy} />}
      <Pager label="Pages of dead letters" {...pager} hasOlder={list.nextCursor !== null} asOf={asOf} nowMs={nowMs} />
    </>
  );
}

/** Dead letters: the ledger, what is failing, and the redrives. Props only. */
export function DeadLettersScreen(props: DeadLettersScreenProps) {
  const { ledger, toolbar, run, failing, runs, drawer, dialog, nowMs } = props;
  return (
    <>
      <Screen title="Dead letters" aside={<CountsHeader counts={ledger.kind === "page" ? ledger.list.counts : null} live={ledger.kind === "page" && ledger.stale === null} />}>
        {run && <ReceiptPanel {...run} />}
        <section aria-label="Ledger" className={classes.ledger}>
          <ListToolbar {...toolbar} />
          <Ledger {...props} />
        </section>
        <div className={classes.sides}>
          <FailingNow list={failing} nowMs={nowMs} />
          <RecentRuns list={runs} nowMs={nowMs} />
        </div>
      </Screen>
      <DeathDrawer {...drawer} />
      <RedriveDialog {...dialog} />
    </>
  );
}
