"use client";

import { useReceipt } from "#lib/client/dead-letters.ts";
import { useNow } from "#lib/client/use-now.ts";
import { receiptState } from "./query-states.ts";
import { RunScreen } from "./run-screen.tsx";

/** Fetches for the page of one run. */
export function RunContainer({ runId }: { runId: string }) {
  const nowMs = useNow();
  const receipt = useReceipt(runId);
  return <RunScreen state={receiptState(receipt, nowMs)} nowMs={nowMs} onRetry={() => void receipt.refetch()} />;
}
