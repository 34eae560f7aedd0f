import { clockTime } from "#lib/view/clock-time.ts";
import { rate } from "#lib/view/numbers.ts";
import type { ChartModel } from "#lib/view/traffic.ts";
import classes from "./time-chart.module.css";

/** Most rows of a table: what is left out between is said. */
const MOST_ROWS = 60;

/** The chart in numbers, newest first. */
export function SeriesTable({ model, nowMs }: { model: ChartModel; nowMs: number }) {
  const known = model.rows.filter(({ values }) => model.series.some(({ key }) => values[key] !== null));
  const step = Math.max(1, Math.ceil(known.length / MOST_ROWS));
  const rows = known.toReversed().filter((_, index) => index % step === 0);
  return (
    <table className={classes.table}>
      <caption>
        {model.title}, {model.unit}: {rows.length} of {known.length} points
      </caption>
      <thead>
        <tr>
          <th scope="col">Time</th>
          {model.series.map(({ key, label }) => (
            <th key={key} scope="col">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ at, values }) => (
          <tr key={at}>
            <th scope="row">{clockTime(at, { nowMs, seconds: true })}</th>
            {model.series.map(({ key }) => {
              const value = values[key] ?? null;
              return <td key={key}>{value === null ? "not measured" : rate(value)}</td>;
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
