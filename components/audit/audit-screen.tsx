import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { Failure, ListSkeleton, Nothing, StaleNotice, Warning } from "#components/ui/feedback.tsx";
import { Pager } from "#components/ui/pager.tsx";
import { Screen } from "#components/ui/screen.tsx";
import type { AuditList } from "#lib/contracts/audit.ts";
import { ActDrawer, type ActDrawerProps } from "./act-drawer.tsx";
import { ActsTable } from "./acts-table.tsx";
import { ChainPanel, type ChainPanelProps } from "./chain-panel.tsx";
import { FilterForm, type FilterFormProps } from "./filter-form.tsx";
import classes from "./audit.module.css";

export type PageState =
  | { kind: "loading" }
  | { kind: "failed"; message: string }
  | { kind: "page"; list: AuditList; asOf: string; stale: { age: string; message: string } | null; busy: boolean };

export type ExportState = { kind: "idle" } | { kind: "running"; format: "csv" | "ndjson" } | { kind: "failed"; message: string };

export interface AuditScreenProps {
  form: FilterFormProps;
  /** Whether the form narrows the list. */
  filtered: boolean;
  page: PageState;
  pager: { page: number; onNewer: () => void; onOlder: () => void };
  exporting: { state: ExportState; onExport: (format: "csv" | "ndjson") => void };
  chain: ChainPanelProps;
  drawer: ActDrawerProps;
  nowMs: number | null;
  onOpen: (id: string) => void;
  onRetry: () => void;
}

function Empty({ filtered, page, stale }: { filtered: boolean; page: number; stale: boolean }) {
  if (stale) return <Nothing title="Nothing was listed here when it was last read" />;
  if (page > 1) return <Nothing title="Nothing on this page">Go back to newer ones.</Nothing>;
  if (filtered) return <Nothing title="No act fits these filters" />;
  return <Nothing title="Nothing has been done yet">Each change to the drain rate, each redrive, sign-in and change to people or keys will stand here.</Nothing>;
}

function Acts({ page, pager, filtered, nowMs, onOpen, onRetry }: AuditScreenProps): ReactNode {
  if (page.kind === "loading") return <ListSkeleton label="Loading the audit log" rows={8} />;
  if (page.kind === "failed") return <Failure title="The audit log could not be read" message={page.message} onRetry={onRetry} />;
  const { list, stale, busy, asOf } = page;
  return (
    <>
      {!list.protected && (
        <Warning>
          <strong>The log is not protected from this dashboard.</strong> Its database login may change rows. Give it a login of its own, as the page on the database of the documentation says.
        </Warning>
      )}
      {stale && <StaleNotice age={stale.age} message={stale.message} />}
      {list.items.length === 0 ? <Empty filtered={filtered} page={pager.page} stale={stale !== null} /> : <ActsTable items={list.items} nowMs={nowMs} busy={busy} onOpen={onOpen} />}
      <Pager label="Pages of the audit log" {...pager} hasOlder={list.nextBefore !== null} asOf={asOf} nowMs={nowMs} />
    </>
  );
}

function Export({ exporting: { state, onExport }, disabled }: Pick<AuditScreenProps, "exporting"> & { disabled: boolean }) {
  return (
    <div className={classes.export}>
      {(["csv", "ndjson"] as const).map((format) => (
        <Button
          key={format}
          size="xs"
          variant="default"
          leftSection={<IconDownload size={14} aria-hidden />}
          disabled={disabled || (state.kind === "running" && state.format !== format)}
          loading={state.kind === "running" && state.format === format}
          onClick={() => onExport(format)}
        >
          Export {format === "csv" ? "CSV" : "NDJSON"}
        </Button>
      ))}
    </div>
  );
}

/** Who did what, and when: list, filters, details, export, and a check of the chain. Props only. */
export function AuditScreen(props: AuditScreenProps) {
  const { form, exporting, chain, drawer } = props;
  return (
    <>
      <Screen title="Audit log" dense aside={<Export exporting={exporting} disabled={form.disabled} />}>
        {exporting.state.kind === "failed" && <Failure title="The export did not work" message={exporting.state.message} />}
        <ChainPanel {...chain} />
        <FilterForm {...form} />
        <section aria-label="Acts" className={classes.acts}>
          <Acts {...props} />
        </section>
      </Screen>
      <ActDrawer {...drawer} />
    </>
  );
}
