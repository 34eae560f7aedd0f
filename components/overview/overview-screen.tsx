import { FigureTile } from "#components/ui/figure-tile.tsx";
import { Panel } from "#components/ui/panel.tsx";
import type { HistoryRange, Overview } from "#lib/contracts/overview.ts";
import { guardOf } from "#lib/view/drain-preview.ts";
import { prepareFigures } from "#lib/view/figures.ts";
import { ago } from "#lib/view/instants.ts";
import { disconnectedSentence, stateSentence } from "#lib/view/state-sentence.ts";
import type { TrafficModel } from "#lib/view/traffic.ts";
import { CapacityMeter } from "./capacity-meter.tsx";
import { type ApplyState, DialReading, DrainDial, type DrainDialProps } from "./drain-dial.tsx";
import { FirstSpike } from "./first-spike.tsx";
import { RateChanges } from "./rate-changes.tsx";
import { StateBanner } from "./state-banner.tsx";
import { TrafficPanel } from "./traffic-panel.tsx";
import { WorkersTable } from "./workers-table.tsx";
import classes from "./overview.module.css";

export interface OverviewScreenProps {
  overview: Overview;
  traffic: TrafficModel;
  range: HistoryRange;
  /** The server's clock as of now; null before the page has come alive. */
  nowMs: number | null;
  /** The page itself gets no answers: why, or null. */
  disconnected: string | null;
  untouched: boolean;
  applyState: ApplyState;
  /** Null = the reader's role may not set the rate. */
  onApply: DrainDialProps["onApply"] | null;
  onRange: (range: HistoryRange) => void;
}

function valueOf<T>(figure: { state: "ok" | "stale"; value: T } | { state: "error" }): T | null {
  return figure.state === "error" ? null : figure.value;
}

function Capacity({ overview }: { overview: Overview }) {
  const drain = valueOf(overview.dial);
  const described = valueOf(overview.figures.provisionedWriteUnits);
  return (
    <CapacityMeter
      consumed={valueOf(overview.figures.drain)?.writeUnitsPerSecond ?? null}
      provisioned={described ?? drain?.provisionedWcu ?? null}
      guard={drain && guardOf(drain, described)}
      allowed={drain?.effectiveWcuPerSecond ?? null}
      throttles={valueOf(overview.figures.throttlesLastMinute)}
      live={overview.figures.drain.state !== "stale"}
    />
  );
}

function WorkersNote({ workers }: { workers: Overview["workers"] }) {
  if (workers.state === "error") return <span className={classes.lagging}>cannot be read: {workers.error}</span>;
  const alive = workers.value.filter((worker) => worker.alive).length;
  const words = `${alive} of ${workers.value.filter(({ state }) => state !== "stopped").length} alive`;
  return workers.state === "stale" ? <span className={classes.lagging}>{`not live: ${workers.error ?? "old"}; ${words} then`}</span> : words;
}

function Dial({ onApply, ...props }: Omit<DrainDialProps, "onApply"> & Pick<OverviewScreenProps, "onApply">) {
  return onApply === null ? <DialReading {...props} /> : <DrainDial {...props} onApply={onApply} />;
}

/** The overview, all of it from its props. */
export function OverviewScreen({ overview, traffic, range, nowMs, disconnected, untouched, applyState, onApply, onRange }: OverviewScreenProps) {
  const { dial, workers } = overview;
  return (
    <div className={classes.screen} data-disconnected={disconnected !== null || undefined}>
      <h1 className={classes.hidden}>Overview of {overview.queue}</h1>
      {disconnected !== null && (
        <p className={classes.disconnected}>
          <span role="alert">{disconnected} The page keeps asking.</span> What you see is of {nowMs === null ? "an earlier time" : ago(overview.at, nowMs)}.
        </p>
      )}
      <StateBanner sentence={disconnected === null ? stateSentence(overview) : disconnectedSentence(overview)} nowMs={nowMs} />
      {untouched && <FirstSpike publicApiUrl={overview.publicApiUrl} />}
      <section className={classes.figures} aria-label="Figures">
        {prepareFigures(overview).map((figure) => (
          <FigureTile key={figure.id} figure={figure} nowMs={nowMs} />
        ))}
      </section>
      <div className={classes.columns}>
        <Panel title="Drain rate" aside={dial.state === "stale" ? <span className={classes.lagging}>not live: {dial.error ?? "old"}</span> : null}>
          <Capacity overview={overview} />
          {dial.state === "error" ? (
            <p className={classes.outcome} data-tone="bad">
              The dial cannot be read: {dial.error}. Workers go on at their last rate.
            </p>
          ) : (
            <Dial overview={overview} drain={dial.value} applyState={applyState} nowMs={nowMs} onApply={onApply} />
          )}
          <RateChanges marks={traffic.depth.marks} nowMs={nowMs} />
        </Panel>
        <TrafficPanel traffic={traffic} range={range} nowMs={nowMs} onRange={onRange} />
      </div>
      <Panel title="Workers" flush aside={<WorkersNote workers={workers} />}>
        {workers.state !== "error" && <WorkersTable workers={workers.value} version={dial.state === "error" ? null : dial.value.version} live={workers.state === "ok"} nowMs={nowMs} />}
      </Panel>
    </div>
  );
}
