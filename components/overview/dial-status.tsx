import { Instant } from "#components/ui/instant.tsx";
import type { Drain } from "#lib/contracts/drain.ts";
import type { Acknowledgement } from "#lib/view/drain-preview.ts";
import { drainModeWords } from "#lib/view/drain-mode-words.ts";
import { duration } from "#lib/view/instants.ts";
import { rate } from "#lib/view/numbers.ts";
import classes from "./overview.module.css";

const SET = { manual: "Set to", auto: "Set to automatic", goal: "Goal set", paused: "Paused" } as const;

function acknowledgedWords(known: Acknowledgement | null): string {
  if (known === null) return "Whether workers obey it is not known now.";
  const { alive, acknowledged, withinMs } = known;
  if (alive === 0) return "No worker is running to obey it.";
  const who = alive === 1 ? "The worker" : acknowledged === alive ? `All ${alive} workers` : `${acknowledged} of ${alive} workers`;
  if (acknowledged < alive) return `${alive === 1 ? "The worker has not" : `${who} have`} acknowledged it${alive === 1 ? " yet" : " so far"}.`;
  return `${who} acknowledged it${withinMs === null ? "" : ` within ${duration(withinMs)}`}.`;
}

/** The rate in force, who set it, and how far the workers have taken it up. */
export function DialStatus({ drain, acknowledgement, nowMs }: { drain: Drain; acknowledgement: Acknowledgement | null; nowMs: number | null }) {
  const held = drain.effectiveWcuPerSecond < drain.askedWcuPerSecond * 0.995;
  const mode = drainModeWords(drain);
  const asked = drain.override !== null || drain.mode !== "manual" ? `asked for ${rate(drain.askedWcuPerSecond)}` : `dial at ${rate(drain.rateWcuPerSecond)}`;
  return (
    <div className={classes.dialStatus}>
      <div className={classes.inForce}>
        <span className={classes.inForceLabel}>In force</span>
        <span>
          <span className={`${classes.inForceValue} mono`} data-testid="effective-rate">
            {rate(drain.effectiveWcuPerSecond)}
          </span>{" "}
          <span className={classes.dim}>WCU/s</span>
        </span>
        {held && (
          <span className={classes.held}>
            {asked}, held by the {drain.factor < 0.995 ? "throttle feedback" : "guard"}
          </span>
        )}
      </div>
      {mode && (
        <p className={classes.setBy} data-testid="drain-mode">
          {mode.map((part) => (typeof part === "string" ? part : <Instant key={part.at} at={part.at} nowMs={nowMs} as="time" />))}
        </p>
      )}
      <p className={classes.setBy}>
        {SET[drain.mode]}
        {drain.mode === "manual" && <span className="mono"> {rate(drain.rateWcuPerSecond)}</span>} by {drain.changedBy} <Instant at={drain.changedAt} nowMs={nowMs} />
        {drain.reason === null ? "." : ` (${drain.reason}).`} <span data-testid="acknowledgement">{acknowledgedWords(acknowledgement)}</span>
      </p>
    </div>
  );
}
