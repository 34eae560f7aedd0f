"use client";

import { SegmentedControl } from "@mantine/core";
import { SeriesTable } from "#components/charts/series-table.tsx";
import { TimeChart } from "#components/charts/time-chart.tsx";
import { Panel } from "#components/ui/panel.tsx";
import { HISTORY_RANGES, type HistoryRange } from "#lib/contracts/overview.ts";
import type { TrafficModel } from "#lib/view/traffic.ts";
import { useState } from "react";
import { Clock } from "#components/ui/clock.tsx";
import classes from "./overview.module.css";

const CHART_HEIGHT = 196;

export interface TrafficPanelProps {
  traffic: TrafficModel;
  range: HistoryRange;
  nowMs: number | null;
  onRange: (range: HistoryRange) => void;
}

/** Rate changes of the range in words: the lines on the chart carry only a number. */
function Changes({ traffic, nowMs }: { traffic: TrafficModel; nowMs: number }) {
  const { marks } = traffic.depth;
  if (marks.length === 0) return <p className={classes.dim}>The dial was not changed in this range.</p>;
  return (
    <ul className={classes.changes}>
      {marks.toReversed().map(({ id, at, detail }) => (
        <li key={id}>
          <Clock at={new Date(at).toISOString()} nowMs={nowMs} seconds /> {detail}
        </li>
      ))}
    </ul>
  );
}

/** Depth and throughput over time, and the same in numbers. */
export function TrafficPanel({ traffic, range, nowMs, onRange }: TrafficPanelProps) {
  const [open, setOpen] = useState(false);
  return (
    <Panel
      title="Traffic"
      aside={
        <>
          {traffic.historyFault !== null && <span className={classes.lagging}>History is not up to date: {traffic.historyFault}</span>}
          <SegmentedControl aria-label="Range" size="xs" value={range} onChange={(value) => onRange(HISTORY_RANGES.find((known) => known === value) ?? range)} data={[...HISTORY_RANGES]} />
        </>
      }
    >
      <div className={classes.charts}>
        <TimeChart model={traffic.depth} height={CHART_HEIGHT} />
        <TimeChart model={traffic.throughput} height={CHART_HEIGHT} />
      </div>
      <details className={classes.behind} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Numbers and rate changes</summary>
        {open && nowMs !== null && (
          <div className={classes.numbers}>
            <SeriesTable model={traffic.depth} nowMs={nowMs} />
            <SeriesTable model={traffic.throughput} nowMs={nowMs} />
            <Changes traffic={traffic} nowMs={nowMs} />
          </div>
        )}
      </details>
    </Panel>
  );
}
