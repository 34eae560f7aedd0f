import { ActionIcon, Anchor, Title } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import Link from "next/link";
import { Failure, ListSkeleton, StaleNotice } from "#components/ui/feedback.tsx";
import { Tag } from "#components/ui/tag.tsx";
import type { RedriveItemState, RedriveReceipt } from "#lib/contracts/dead-letters.ts";
import { ReceiptItems, RunFacts, RunProgress } from "./receipt.tsx";
import classes from "./dead-letters.module.css";

/** Rows shown beside the list; the full receipt has its own page. */
const PANEL_ROWS = 8;
const URGENCY: Readonly<Record<RedriveItemState, number>> = { bounced: 0, pending: 1, sent: 2, stored: 3 };

export type ReceiptState = { kind: "loading" } | { kind: "failed"; message: string } | { kind: "receipt"; receipt: RedriveReceipt; stale: { age: string; message: string } | null };

export interface ReceiptPanelProps {
  runId: string;
  state: ReceiptState;
  nowMs: number | null;
  onOpenDeath: (id: string) => void;
  onRetry: () => void;
  onClose: () => void;
}

/** A run beside the list: its progress, and first what bounced. */
export function ReceiptPanel({ runId, state, nowMs, onOpenDeath, onRetry, onClose }: ReceiptPanelProps) {
  const receipt = state.kind === "receipt" ? state.receipt : null;
  const items = receipt?.items.toSorted((a, b) => URGENCY[a.state] - URGENCY[b.state]).slice(0, PANEL_ROWS) ?? [];
  return (
    <section aria-labelledby="run-title" className={classes.panel}>
      <div className={classes.panelHead}>
        <Title order={2} size="h5" id="run-title">
          Redrive run
        </Title>
        {receipt && <Tag tone={receipt.state === "running" ? "busy" : "neutral"}>{receipt.state === "running" ? "Running" : "Finished"}</Tag>}
        <Anchor component={Link} href={`/dead-letters/runs/${runId}`} size="sm">
          Full receipt
        </Anchor>
        <ActionIcon className={classes.panelClose} variant="subtle" color="gray" aria-label="Close the run" onClick={onClose}>
          <IconX size={16} aria-hidden />
        </ActionIcon>
      </div>
      {state.kind === "loading" && <ListSkeleton label="Loading the run" rows={3} />}
      {state.kind === "failed" && <Failure title="The run could not be read" message={state.message} onRetry={onRetry} />}
      {state.kind === "receipt" && state.stale && <StaleNotice age={state.stale.age} message={state.stale.message} />}
      {receipt && (
        <>
          <RunFacts run={receipt} nowMs={nowMs} />
          <RunProgress run={receipt} />
          <ReceiptItems items={items} nowMs={nowMs} onOpenDeath={onOpenDeath} />
          {receipt.items.length > PANEL_ROWS && (
            <p className={classes.dim}>
              {PANEL_ROWS} of {receipt.items.length.toLocaleString("en-US")} shown, bounced ones first.
            </p>
          )}
        </>
      )}
    </section>
  );
}
