import { Skeleton } from "@mantine/core";
import { IconAlertTriangle, IconClockExclamation } from "@tabler/icons-react";
import { ago } from "#lib/view/instants.ts";
import type { FigureModel } from "#lib/view/figures.ts";
import classes from "./figure-tile.module.css";
import { Clock } from "./clock.tsx";

function Provenance({ figure, nowMs }: { figure: FigureModel; nowMs: number | null }) {
  const age = figure.asOf === null || nowMs === null ? null : ago(figure.asOf, nowMs);
  const hint = [`Source: ${figure.source}.`, age === null ? "" : `Read ${age}.`, figure.error ? `${figure.error}.` : ""].filter(Boolean).join(" ");
  const live = figure.state === "ok";
  return (
    <span className={classes.provenance} title={hint} data-testid={`figure-${figure.id}-source`}>
      {figure.state === "error" && <IconAlertTriangle size={12} aria-hidden="true" />}
      {figure.state === "stale" && <IconClockExclamation size={12} aria-hidden="true" />}
      {figure.state === "stale" && <span className={classes.hidden}>Old reading: </span>}
      <span>
        {figure.state === "error" ? "no reading" : live ? figure.source : `${age ?? "old"} · ${figure.source}`}
      </span>
    </span>
  );
}

/** One figure with its source and age. What is old looks old; what was never read is a dash. */
export function FigureTile({ figure, nowMs }: { figure: FigureModel; nowMs: number | null }) {
  // What failed says more than what the number would mean.
  const failed = figure.state === "ok" ? null : figure.error;
  return (
    <fieldset className={classes.tile} aria-label={figure.label} data-state={figure.state} data-tone={figure.tone}>
      <span className={classes.label}>{figure.label}</span>
      <span className={classes.reading}>
        <span className={`${classes.value} mono`} data-testid={`figure-${figure.id}`} data-state={figure.state}>
          {figure.value}
        </span>
        {figure.unit !== "" && <span className={classes.unit}>{figure.unit}</span>}
      </span>
      <span className={classes.note}>
        {failed ?? figure.note}
        {failed === null && figure.noteAt !== null && (
          <>
            {" "}
            <Clock at={figure.noteAt} nowMs={nowMs} />
          </>
        )}
      </span>
      <Provenance figure={figure} nowMs={nowMs} />
    </fieldset>
  );
}

/** Place of a figure that is awaited, of the same size. */
export function FigureTileSkeleton({ label }: { label: string }) {
  return (
    <div className={classes.tile} data-state="awaited">
      <span className={classes.label}>{label}</span>
      <Skeleton component="span" width="60%" height={24} my={4} radius="sm" />
      <Skeleton component="span" width="80%" height={12} my={3} radius="sm" />
      <Skeleton component="span" width="45%" height={11} mt={6} radius="sm" />
    </div>
  );
}
