"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useMay } from "#lib/client/account.tsx";
import { useApplyDrainRate } from "#lib/client/drain.ts";
import { overviewHistoryQuery, overviewQuery } from "#lib/client/overview.ts";
import { useNow } from "#lib/client/use-now.ts";
import { useTitle } from "#lib/client/use-title.ts";
import type { HistoryRange, Overview, OverviewHistory } from "#lib/contracts/overview.ts";
import { asDisconnected } from "#lib/view/disconnected.ts";
import { overviewTitle } from "#lib/view/page-title.ts";
import { prepareTraffic } from "#lib/view/traffic.ts";
import type { ApplyState, DialChange } from "./drain-dial.tsx";
import { OverviewScreen } from "./overview-screen.tsx";

/** Answers missing for this long are said out loud, milliseconds. */
const DISCONNECTED_AFTER_MS = 4_000;

export interface OverviewContainerProps {
  /** Read on the server, so that the first paint has figures. */
  initial: Overview;
  initialHistory: OverviewHistory;
  initialRange: HistoryRange;
}

/** Nothing has gone through, as far as the live part and the history reach. */
function isUntouched(overview: Overview, history: OverviewHistory | undefined): boolean {
  const { waiting, inFlight, deadLetters } = overview.figures;
  const empty = [waiting, inFlight, deadLetters].every((figure) => figure.state === "ok" && figure.value === 0);
  const points = [...overview.live, ...(history && history.metrics.state !== "error" ? history.metrics.value : [])];
  return empty && overview.writeUnitsPerActivity === null && !points.some(({ arrivalPerSecond, drainPerSecond }) => (arrivalPerSecond ?? 0) + (drainPerSecond ?? 0) > 0);
}

function useApply(): { applyState: ApplyState; apply: (change: DialChange) => Promise<"applied" | "not_applied"> } {
  const mutation = useApplyDrainRate();
  const applyState: ApplyState = mutation.isPending
    ? { kind: "pending" }
    : mutation.isError
      ? { kind: "failed", message: mutation.error.message }
      : mutation.data
        ? { kind: mutation.data.outcome === "changed" ? "applied" : "conflict", drain: mutation.data.drain }
        : { kind: "idle" };
  async function apply({ rateWcuPerSecond, reason, expectedVersion }: DialChange): Promise<"applied" | "not_applied"> {
    try {
      const { outcome } = await mutation.mutateAsync({ rateWcuPerSecond, expectedVersion, ...(reason !== undefined && { reason }) });
      return outcome === "changed" ? "applied" : "not_applied";
    } catch {
      // The mutation's own state carries the failure to the screen.
      return "not_applied";
    }
  }
  return { applyState, apply };
}

/** Fetches what the overview shows. */
export function OverviewContainer({ initial, initialHistory, initialRange }: OverviewContainerProps) {
  const [range, setRange] = useState(initialRange);
  const { data: answered, error, dataUpdatedAt } = useQuery({ ...overviewQuery, initialData: initial });
  const { data: history } = useQuery({
    ...overviewHistoryQuery(range),
    placeholderData: keepPreviousData,
    ...(range === initialRange && { initialData: initialHistory }),
  });
  const browserMs = useNow();
  const { applyState, apply } = useApply();
  // Ages count by the server's clock: the reader's may be wrong.
  const sinceAnswerMs = browserMs === null ? 0 : Math.max(0, browserMs - dataUpdatedAt);
  const nowMs = browserMs === null ? null : Date.parse(answered.at) + sinceAnswerMs;
  const disconnected = error && sinceAnswerMs > DISCONNECTED_AFTER_MS ? error.message : null;
  const overview = useMemo(() => (disconnected === null ? answered : asDisconnected(answered, "the dashboard gets no answer")), [answered, disconnected]);
  const traffic = useMemo(() => prepareTraffic({ overview: answered, history, range }), [answered, history, range]);
  useTitle(overviewTitle(overview));

  function choose(next: HistoryRange) {
    setRange(next);
    // The router is told, but the server is not asked: the page has all it needs.
    window.history.replaceState(null, "", `?range=${next}`);
  }

  return (
    <OverviewScreen
      overview={overview}
      traffic={traffic}
      range={range}
      nowMs={nowMs}
      disconnected={disconnected}
      untouched={isUntouched(answered, history)}
      applyState={applyState}
      onApply={useMay("drain:write") ? apply : null}
      onRange={choose}
    />
  );
}
