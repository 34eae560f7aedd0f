"use client";

import { useSearchParams } from "next/navigation";
import { useState } from "react";
import { downloadAudit, useAuditAct, useAuditPage, useChainCheck } from "#lib/client/audit.ts";
import { useAlive, useNow } from "#lib/client/use-now.ts";
import { auditFilterSchema } from "#lib/contracts/audit.ts";
import { fromLocalField, toLocalField, zoneLabel } from "#lib/view/instants.ts";
import { AuditScreen, type ExportState } from "./audit-screen.tsx";
import type { FilterFields, FilterFormProps, Preset } from "./filter-form.tsx";
import { actState, pageState } from "./query-states.ts";
import { addressOfView, type AuditView, filterOf, readView } from "./view-state.ts";

const HOUR_MS = 3_600_000;
const field = (instant: string | undefined) => (instant === undefined ? "" : toLocalField(Date.parse(instant)));

function fieldsOf({ who, action, outcome, from, to }: AuditView): FilterFields {
  return { who: who ?? "", action: action ?? "", outcome: outcome ?? "", from: field(from), to: field(to) };
}

/** Reads the fields. `errors` is empty exactly when `filter` is there. */
function readFields(fields: FilterFields): { filter: Omit<AuditView, "act"> | null; errors: FilterFormProps["errors"] } {
  const from = fromLocalField(fields.from);
  const to = fromLocalField(fields.to, { end: true });
  const given = {
    ...(fields.who.trim() !== "" && { who: fields.who.trim() }),
    ...(fields.action !== "" && { action: fields.action }),
    ...(fields.outcome !== "" && { outcome: fields.outcome }),
    ...(from !== null && { from }),
    ...(to !== null && { to }),
  };
  const errors: FilterFormProps["errors"] = {};
  if (fields.from !== "" && from === null) errors.from = "Not a date and time.";
  if (fields.to !== "" && to === null) errors.to = "Not a date and time.";
  if (from !== null && to !== null && from > to) errors.to = "Must not be before From.";
  const parsed = auditFilterSchema.safeParse(given);
  if (!parsed.success && Object.keys(errors).length === 0) errors.who = "Too long.";
  return { filter: parsed.success && Object.keys(errors).length === 0 ? parsed.data : null, errors };
}

function AuditBrowser() {
  const nowMs = useNow();
  const view = readView(useSearchParams());
  const filter = filterOf(view);
  const shown = addressOfView(filter);
  const setView = (next: AuditView) => window.history.pushState(null, "", addressOfView(next));

  // What is typed and not applied yet belongs to the filter that it was typed over; Back brings that one's fields.
  const [draft, setDraft] = useState<{ over: string; fields: FilterFields; errors: FilterFormProps["errors"] } | null>(null);
  const { fields, errors } = draft?.over === shown ? draft : { fields: fieldsOf(view), errors: {} };
  // Rows before which the pages on the way to this one began; the last is this page's.
  const [way, setWay] = useState<{ over: string; befores: number[] }>({ over: shown, befores: [] });
  const befores = way.over === shown ? way.befores : [];
  const before = befores.at(-1);

  const page = useAuditPage({ ...filter, ...(before !== undefined && { before }) });
  const act = useAuditAct(view.act ?? null);
  const { check, start } = useChainCheck();
  const [exporting, setExporting] = useState<ExportState>({ kind: "idle" });

  const apply = (given: FilterFields) => {
    const read = readFields(given);
    setDraft({ over: shown, fields: given, errors: read.errors });
    if (read.filter) setView(read.filter);
  };
  const preset = ({ hours }: Preset) => apply({ ...fields, from: hours === null ? "" : toLocalField(Date.now() - hours * HOUR_MS), to: "" });
  const exportAs = (format: "csv" | "ndjson") => {
    setExporting({ kind: "running", format });
    downloadAudit({ format, ...filter }).then(
      () => setExporting({ kind: "idle" }),
      (error: unknown) => setExporting({ kind: "failed", message: error instanceof Error ? error.message : "It did not work." }),
    );
  };

  return (
    <AuditScreen
      form={{
        fields,
        errors,
        zone: nowMs === null ? null : zoneLabel(nowMs),
        disabled: nowMs === null,
        onChange: (next) => setDraft({ over: shown, fields: next, errors: {} }),
        onApply: apply,
        onPreset: preset,
        onClear: () => {
          setDraft(null);
          setView({});
        },
      }}
      filtered={Object.keys(filter).length > 0}
      page={pageState(page, { live: before === undefined, nowMs })}
      pager={{
        page: befores.length + 1,
        onNewer: () => setWay({ over: shown, befores: befores.slice(0, -1) }),
        onOlder: () => {
          const next = page.data?.nextBefore;
          if (typeof next === "number") setWay({ over: shown, befores: [...befores, next] });
        },
      }}
      exporting={{ state: exporting, onExport: exportAs }}
      chain={{ check, nowMs, disabled: nowMs === null, onStart: start }}
      drawer={{
        state: view.act === undefined ? null : actState(act),
        nowMs,
        onRetry: () => void act.refetch(),
        onClose: () => setView(filter),
      }}
      nowMs={nowMs}
      onOpen={(id) => setView({ ...filter, act: id })}
      onRetry={() => void page.refetch()}
    />
  );
}

/** Fetches for the audit log. The reader's zone is known only in the browser. */
export function AuditContainer() {
  const alive = useAlive();
  return <AuditBrowser key={alive ? "alive" : "before"} />;
}
