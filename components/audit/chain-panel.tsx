import { Button } from "@mantine/core";
import { CopyText } from "#components/ui/copy-text.tsx";
import { Failure } from "#components/ui/feedback.tsx";
import { Instant } from "#components/ui/instant.tsx";
import type { ChainCheck } from "#lib/client/audit.ts";
import { rowsText } from "./words.ts";
import classes from "./audit.module.css";

export interface ChainPanelProps {
  check: ChainCheck;
  nowMs: number | null;
  disabled: boolean;
  onStart: () => void;
}

function Running({ checked, rows }: Extract<ChainCheck, { kind: "running" }>) {
  return (
    <span className={classes.running}>
      <span>{rows === null ? "Checking …" : `Checked ${rowsText(checked)} of ${rowsText(rows)}`}</span>
      <progress aria-label="Rows checked" max={rows ?? 1} {...(rows !== null && { value: checked })} />
    </span>
  );
}

/** Checks that no row was changed or removed since it was written, and says what was found. */
export function ChainPanel({ check, nowMs, disabled, onStart }: ChainPanelProps) {
  return (
    <div className={classes.chain}>
      <Button size="xs" variant="default" disabled={disabled} loading={check.kind === "running"} onClick={onStart}>
        {check.kind === "idle" ? "Verify the chain" : "Verify again"}
      </Button>
      <output className={classes.finding} data-kind={check.kind}>
        {check.kind === "idle" && <span className={classes.dim}>Each row holds a hash of the one before: a row that was changed or removed shows.</span>}
        {check.kind === "running" && <Running {...check} />}
        {check.kind === "whole" && (
          <span>
            <strong>Whole: {rowsText(check.rows)}.</strong> Checked <Instant at={check.at} nowMs={nowMs} />. {check.rows > 0 && <CopyText text={`${check.rows}:${check.hash}`} what="the end of the chain" />}
          </span>
        )}
        {check.kind === "broken" && (
          <span>
            <strong>Broken at row {check.seq}.</strong> {check.message} {check.whole === 0 ? "No row before it is whole." : `The ${rowsText(check.whole)} before it ${check.whole === 1 ? "is" : "are"} whole.`}
          </span>
        )}
      </output>
      {check.kind === "failed" && <Failure title="The chain could not be checked" message={check.message} onRetry={onStart} />}
    </div>
  );
}
