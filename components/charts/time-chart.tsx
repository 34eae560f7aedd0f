"use client";

import { lazy, memo, Suspense, useSyncExternalStore } from "react";
import type { ChartModel } from "#lib/view/traffic.ts";
import classes from "./time-chart.module.css";

/** The drawing library is larger than the rest of the page: figures and dial do not wait for it. */
const ChartCanvas = lazy(() => import("./chart-canvas.tsx"));

const never = () => () => undefined;

/** Draws a prepared model. The picture is for eyes only; its words and its table stand beside it. */
function TimeChartFrame({ model }: { model: ChartModel }) {
  // Zone and size are the browser's: the server leaves the place free.
  const alive = useSyncExternalStore(never, () => true, () => false);
  return (
    <figure className={classes.figure}>
      <figcaption className={classes.caption}>
        <span className={classes.title}>
          {model.title} <span className={classes.unit}>{model.unit}</span>
        </span>
        <span className={classes.legend}>
          {model.series.map(({ key, label, color }) => (
            <span key={key} className={classes.key}>
              <span className={classes.swatch} style={{ background: color }} aria-hidden="true" />
              {label}
            </span>
          ))}
        </span>
        <span className={classes.hidden}>{model.summary}</span>
      </figcaption>
      <div aria-hidden="true" className={classes.canvas}>
        {alive && (
          <Suspense fallback={null}>
            <ChartCanvas model={model} />
          </Suspense>
        )}
        {alive && model.rows.length === 0 && <p className={classes.none}>Nothing measured in this range yet.</p>}
      </div>
    </figure>
  );
}

/** Drawn anew when its model changes, and not at each tick of the page's clock. */
export const TimeChart = memo(TimeChartFrame);
