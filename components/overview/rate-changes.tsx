import { Clock } from "#components/ui/clock.tsx";
import type { ChartMark } from "#lib/view/traffic.ts";
import classes from "./overview.module.css";

/** Changes listed; older ones are counted. */
const LISTED = 3;

/** Changes of the dial in words, newest first: the lines on the chart carry only a number. */
export function RateChanges({ marks, nowMs }: { marks: readonly ChartMark[]; nowMs: number | null }) {
  const older = marks.length - LISTED;
  return (
    <section className={classes.changes} aria-label="Rate changes">
      <h3 className={classes.changesTitle}>Changes in the chart&apos;s range</h3>
      {marks.length === 0 && <p className={classes.dim}>None.</p>}
      <ul>
        {marks
          .toReversed()
          .slice(0, LISTED)
          .map(({ id, at, detail }) => (
            <li key={id}>
              <Clock at={new Date(at).toISOString()} nowMs={nowMs} seconds />
              <span>{detail}</span>
            </li>
          ))}
      </ul>
      {older > 0 && <p className={classes.dim}>and {older} older</p>}
    </section>
  );
}
