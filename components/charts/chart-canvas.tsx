"use client";

import { Area, CartesianGrid, ComposedChart, Line, ReferenceArea, ReferenceLine, ResponsiveContainer, Tooltip, type TooltipContentProps, XAxis, YAxis } from "recharts";
import { clockTime } from "#lib/view/clock-time.ts";
import { rate, short } from "#lib/view/numbers.ts";
import type { ChartRow } from "#lib/view/series.ts";
import type { ChartLimit, ChartModel, ChartSeries } from "#lib/view/traffic.ts";
import { ChartTooltip } from "./chart-tooltip.tsx";

const LABEL = { fill: "var(--sp-dim)", fontSize: 10, fontFamily: "var(--sp-mono)" };
const TICK = { ...LABEL, fontSize: 11 };

/** Labels of changes that stand closer than this share of the width would lie over each other. */
const LABEL_ROOM = 0.06;
/** Room over the highest limit, so that its line and label are seen. */
const LIMIT_ROOM = 1.12;

function strokes({ key, color, kind, label }: ChartSeries) {
  const common = { type: "linear" as const, stroke: color, dot: false as const, isAnimationActive: false, connectNulls: false, activeDot: { r: 3, strokeWidth: 0 } };
  // An alarm at zero is no line along the axis.
  const shown = (value: number | null | undefined) => (kind === "alarm" && value === 0 ? null : (value ?? null));
  const solid = (row: ChartRow) => shown(row.values[key]);
  const partial = (row: ChartRow) => shown(row.partial[key]);
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

/** The upper of two limits carries its words above its line, the lower one below, so that near ones can be read. */
function limitLines(limits: readonly ChartLimit[]) {
  const highest = Math.max(...limits.map(({ value }) => value));
  return limits.map(({ id, value, label, color }) => (
    <ReferenceLine key={id} y={value} stroke={color} strokeWidth={1} label={{ ...LABEL, value: label, position: value === highest ? "insideBottomLeft" : "insideTopLeft" }} />
  ));
}

/** The picture of a chart, as large as its place. */
export default function ChartCanvas({ model }: { model: ChartModel }) {
  const named = labelled(model);
  const highestLimit = Math.max(0, ...model.limits.map(({ value }) => value));
  return (
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
        <YAxis
          width={46}
          tick={TICK}
          tickLine={false}
          axisLine={false}
          tickCount={4}
          allowDecimals={false}
          domain={[0, highestLimit === 0 ? "auto" : (most: number) => Math.ceil(Math.max(most, highestLimit * LIMIT_ROOM))]}
          tickFormatter={short}
        />
        <Tooltip cursor={{ stroke: "var(--sp-line-strong)" }} isAnimationActive={false} content={renderTooltip} />
        {model.alarms.map(({ fromMs, toMs }) => (
          <ReferenceArea key={fromMs} x1={fromMs} x2={toMs} fill="var(--sp-bad)" fillOpacity={0.3} ifOverflow="hidden" />
        ))}
        {limitLines(model.limits)}
        {model.series.flatMap(strokes)}
        {model.marks.map(({ id, at, label }) => (
          <ReferenceLine
            key={id}
            x={at}
            stroke="var(--sp-dim)"
            strokeDasharray="2 3"
            {...(named.has(id) && { label: { ...LABEL, value: label, position: "top" as const } })}
          />
        ))}
      </ComposedChart>
    </ResponsiveContainer>
  );
}
