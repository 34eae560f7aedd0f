import { clockTime } from "#lib/view/clock-time.ts";
import classes from "./time-chart.module.css";

export interface TooltipValue {
  name: string;
  value: string | null;
  color: string;
}

/** What was measured under the pointer. */
export function ChartTooltip({ at, values }: { at: number; values: readonly TooltipValue[] }) {
  return (
    <div className={classes.tooltip}>
      <div className="mono">{clockTime(at, { nowMs: at, seconds: true })}</div>
      {values
        .filter(({ value }) => value !== null)
        .map(({ name, value, color }) => (
          <div key={name} className={classes.tooltipRow}>
            <span className={classes.swatch} style={{ background: color }} />
            <span>{name}</span>
            <span className="mono">{value}</span>
          </div>
        ))}
    </div>
  );
}
