"use client";

import { useSyncExternalStore } from "react";
import { Area, CartesianGrid, ComposedChart, Line, ReferenceLine, ResponsiveContainer, Tooltip, type TooltipContentProps, XAxis, YAxis } from "recharts";
import { clockTime } from "#lib/view/clock-time.ts";
import { rate, short } from "#lib/view/numbers.ts";
import type { ChartRow } from "#lib/view/series.ts";
import type { ChartModel, ChartSeries } from "#lib/view/traffic.ts";
import { ChartTooltip } from "./chart-tooltip.tsx";
import classes from "./time-chart.module.css";

const never = () => () => undefined;
const TICK = { fill: "var(--sp-dim)", fontSize: 11, fontFamily: "var(--sp-mono)" };

/** Labels of changes that stand closer than this share of the width would lie over each other. */
const LABEL_ROOM = 0.06;

function strokes({ key, color, kind, label }: ChartSeries) {
  const common = { type: "linear" as const, stroke: color, dot: false as const, isAnimationActive: false, connectNulls: false, activeDot: { r: 3, strokeWidth: 0 } };
  const solid = (row: ChartRow) => row.values[key] ?? null;
  const partial = (row: ChartRow) => row.partial[key] ?? null;
  return [
    kind === "area" ? (
      <Area key={key} {...common} name={label} dataKey={solid} strokeWidth={1.75} fill={color} fillOpacity={0.16} />
    ) : (
      <Line key={key} {...common} name={label} dataKey={solid} strokeWidth={1.75} />
    ),
    <Line key={`${key}-partial`} {...common} name={`${label} (so far)`} dataKey={partial} strokeWidth={1.75} strokeDasharray="3 3" />,
  ];
}

/** Which marks get their label written: not those in another's way. */
function labelled({ marks, fromMs, toMs }: ChartModel): Set<string> {
  const room = (toMs - fromMs) * LABEL_ROOM;
  let freeFrom = Number.NEGATIVE_INFINITY;
  return new Set(
    marks.flatMap(({ id, at }) => {
      if (at < freeFrom) return [];
      freeFrom = at + room;
      return [id];
    }),
  );
}

function renderTooltip({ active, payload, label }: TooltipContentProps) {
  if (!active || typeof label !== "number") return null;
  const values = payload.map(({ name, value, color }) => ({ name: String(name), value: typeof value === "number" ? rate(value) : null, color: color ?? "" }));
  return <ChartTooltip at={label} values={values} />;
}

/** Draws a prepared model. The picture is for eyes only; its words and its table stand beside it. */
export function TimeChart({ model, height }: { model: ChartModel; height: number }) {
  // Zone and size are the browser's: the server leaves the place free.
  const alive = useSyncExternalStore(never, () => true, () => false);
  const named = labelled(model);
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
      <div style={{ height }} aria-hidden="true" className={classes.canvas}>
        {alive && (
          <ResponsiveContainer width="100%" height="100%">
            <ComposedChart data={model.rows} margin={{ top: 14, right: 14, bottom: 0, left: 0 }} accessibilityLayer={false}>
              <CartesianGrid vertical={false} stroke="var(--sp-grid)" />
              <XAxis
                dataKey="at"
                type="number"
                scale="time"
                domain={[model.fromMs, model.toMs]}
                ticks={model.ticks}
                tickFormatter={(at: number) => clockTime(at, { nowMs: at })}
                tick={TICK}
                tickLine={false}
                axisLine={{ stroke: "var(--sp-line-strong)" }}
                minTickGap={28}
                allowDataOverflow
              />
              <YAxis width={46} tick={TICK} tickLine={false} axisLine={false} tickCount={4} allowDecimals={false} domain={[0, "auto"]} tickFormatter={short} />
              <Tooltip
                cursor={{ stroke: "var(--sp-line-strong)" }}
                isAnimationActive={false}
                content={renderTooltip}
              />
              {model.series.flatMap(strokes)}
              {model.marks.map(({ id, at, label }) => (
                <ReferenceLine
                  key={id}
                  x={at}
                  stroke="var(--sp-dim)"
                  strokeDasharray="2 3"
                  {...(named.has(id) && { label: { value: label, position: "top" as const, fill: "var(--sp-dim)", fontSize: 10, fontFamily: "var(--sp-mono)" } })}
                />
              ))}
            </ComposedChart>
          </ResponsiveContainer>
        )}
        {alive && model.rows.length === 0 && <p className={classes.none}>Nothing measured in this range yet.</p>}
      </div>
    </figure>
  );
}
