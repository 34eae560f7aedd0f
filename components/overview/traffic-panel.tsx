"use client";

import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import { SeriesTable } from "#components/charts/series-table.tsx";
import { TimeChart } from "#components/charts/time-chart.tsx";
import { Panel } from "#components/ui/panel.tsx";
import { HISTORY_RANGES, type HistoryRange } from "#lib/contracts/overview.ts";
import type { TrafficModel } from "#lib/view/traffic.ts";
import classes from "./overview.module.css";

export interface TrafficPanelProps {
  traffic: TrafficModel;
  range: HistoryRange;
  nowMs: number | null;
  onRange: (range: HistoryRange) => void;
}

/** Depth, throughput and write units over time, and the same in numbers. */
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
        <TimeChart model={traffic.depth} />
        <TimeChart model={traffic.throughput} />
        <TimeChart model={traffic.writeUnits} />
      </div>
      <details className={classes.behind} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Show the numbers</summary>
        {open && nowMs !== null && (
          <div className={classes.numbers}>
            <SeriesTable model={traffic.depth} nowMs={nowMs} />
            <SeriesTable model={traffic.throughput} nowMs={nowMs} />
            <SeriesTable model={traffic.writeUnits} nowMs={nowMs} />
          </div>
        )}
      </details>
    </Panel>
  );
}
