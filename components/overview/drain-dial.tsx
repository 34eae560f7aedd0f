"use client";

import { Button, NumberInput, Slider, TextInput } from "@mantine/core";
import { type SyntheticEvent, useState } from "react";
import type { Drain } from "#lib/contracts/drain.ts";
import { DRAIN_RATE_LIMITS } from "#lib/contracts/drain.ts";
import type { Overview } from "#lib/contracts/overview.ts";
import { acknowledgement, dialScale, guardOf, prepareDrainPreview } from "#lib/view/drain-preview.ts";
import { rate } from "#lib/view/numbers.ts";
import { DialPreview } from "./dial-preview.tsx";
import { DialStatus } from "./dial-status.tsx";
import classes from "./overview.module.css";

export type ApplyState =
  | { kind: "idle" }
  | { kind: "pending" }
  | { kind: "applied"; drain: Drain }
  | { kind: "conflict"; drain: Drain }
  | { kind: "failed"; message: string };

export interface DialChange {
  rateWcuPerSecond: number;
  reason: string | undefined;
  expectedVersion: number;
}

/** The dial for who may look at it only. */
export function DialReading({ overview, drain, nowMs }: Pick<DrainDialProps, "overview" | "drain" | "nowMs">) {
  return (
    <div className={classes.dial}>
      <DialStatus drain={drain} acknowledgement={overview.workers.state === "ok" ? acknowledgement(drain, overview.workers.value) : null} nowMs={nowMs} />
      <p className={classes.outcome}>Operators and admins set the rate.</p>
    </div>
  );
}

export interface DrainDialProps {
  overview: Overview;
  drain: Drain;
  applyState: ApplyState;
  nowMs: number | null;
  onApply: (change: DialChange) => Promise<"applied" | "not_applied">;
}

/** What is being typed, and the version of the dial that its author has seen. */
interface Draft {
  rate: number | null;
  seen: Drain;
}

/** What came of the last Apply, as long as it speaks of what stands in the fields. */
function Outcome({ state, editing, moved }: { state: ApplyState; editing: boolean; moved: Drain | null }) {
  if (state.kind === "applied" && !editing) return <output className={classes.outcome} data-tone="ok">Applied: {rate(state.drain.rateWcuPerSecond)} WCU/s.</output>;
  if (state.kind === "conflict" && editing) {
    return (
      <p role="alert" className={classes.outcome} data-tone="warn">
        Not applied: {state.drain.changedBy} set it to {rate(state.drain.rateWcuPerSecond)} WCU/s first. Apply again to replace that.
      </p>
    );
  }
  if (state.kind === "failed" && editing) return <p role="alert" className={classes.outcome} data-tone="bad">Not applied: {state.message}</p>;
  if (moved) return <output className={classes.outcome} data-tone="warn">{moved.changedBy} has just set it to {rate(moved.rateWcuPerSecond)} WCU/s.</output>;
  return null;
}

/** The drain rate: seen over the table's capacity, previewed, then applied. */
export function DrainDial({ overview, drain, applyState, nowMs, onApply }: DrainDialProps) {
  const [draft, setDraft] = useState<Draft | null>(null);
  const [reason, setReason] = useState("");
  const provisionedFigure = overview.figures.provisionedWriteUnits;
  const described = provisionedFigure.state === "error" ? null : provisionedFigure.value;
  const provisioned = described ?? drain.provisionedWcu;
  const guard = guardOf(drain, described);
  const wanted = draft ? draft.rate : drain.rateWcuPerSecond;
  const preview = prepareDrainPreview({ overview, drain, rateWcuPerSecond: wanted });
  const max = Math.max(dialScale({ drain, described }), Math.min(wanted ?? 0, DRAIN_RATE_LIMITS.max));
  const changed = draft !== null && draft.rate !== drain.rateWcuPerSecond;
  const moved = draft !== null && draft.seen.version < drain.version ? drain : null;

  const edit = (value: number | null) => setDraft((known) => ({ rate: value, seen: known?.seen ?? drain }));

  async function apply(event: SyntheticEvent) {
    event.preventDefault();
    if (draft === null || wanted === null || preview.fault !== null || applyState.kind === "pending") return;
    // After a conflict the operator has seen what stands there now.
    const seen = applyState.kind === "conflict" ? applyState.drain : draft.seen;
    const outcome = await onApply({ rateWcuPerSecond: wanted, reason: reason.trim() || undefined, expectedVersion: seen.version });
    if (outcome === "applied") {
      setDraft(null);
      setReason("");
    }
  }

  const marks = [
    ...(guard === null ? [] : [{ value: guard, label: `guard ${rate(guard)}` }]),
    ...(provisioned === null ? [] : [{ value: provisioned, label: guard !== null && (provisioned - guard) / max < 0.28 ? "" : `table ${rate(provisioned)}` }]),
  ];

  return (
    <form className={classes.dial} onSubmit={(event) => void apply(event)} noValidate aria-label="Drain rate">
      <DialStatus drain={drain} acknowledgement={overview.workers.state === "ok" ? acknowledgement(drain, overview.workers.value) : null} nowMs={nowMs} />
      <Slider
        className={classes.slider ?? ""}
        min={DRAIN_RATE_LIMITS.min}
        max={max}
        step={max > 2_000 ? 10 : 1}
        value={Math.min(max, Math.max(DRAIN_RATE_LIMITS.min, wanted ?? drain.rateWcuPerSecond))}
        onChange={edit}
        marks={marks}
        label={rate}
        thumbLabel="Drain rate slider"
        thumbValueText={(value: number) => `${rate(value)} write units per second`}
        size={6}
        classNames={{ mark: classes.mark ?? "", markLabel: classes.markLabel ?? "" }}
        color={preview.warning === null ? "spill" : "yellow"}
      />
      <div className={classes.fields}>
        <NumberInput
          label="Drain rate (WCU/s)"
          value={wanted ?? ""}
          onChange={(value) => edit(typeof value === "number" ? value : value.trim() === "" ? null : Number(value))}
          error={preview.fault}
          allowNegative={false}
          decimalScale={2}
          thousandSeparator=","
          clampBehavior="none"
          step={10}
          min={DRAIN_RATE_LIMITS.min}
          max={DRAIN_RATE_LIMITS.max}
          classNames={{ input: "mono" }}
        />
        <TextInput label="Reason (optional)" value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={500} placeholder="why now" autoComplete="off" />
      </div>
      <DialPreview preview={preview} changed={changed} nowMs={nowMs} />
      <div className={classes.actions}>
        <Button type="submit" loading={applyState.kind === "pending"} disabled={!changed || preview.fault !== null}>
          Apply
        </Button>
        {draft !== null && (
          <Button variant="subtle" color="gray" onClick={() => setDraft(null)}>
            Reset
          </Button>
        )}
        <Outcome state={applyState} editing={draft !== null} moved={moved} />
      </div>
    </form>
  );
}
