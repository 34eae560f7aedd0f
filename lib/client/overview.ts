import { queryOptions } from "@tanstack/react-query";
import { apiFetch } from "#lib/client/fetch.ts";
import { type HistoryRange, overviewHistorySchema, overviewSchema } from "#lib/contracts/overview.ts";

/** How often the page asks; the server reads its sources no more often than this for all pages together. */
const POLL_MS = 1_000;
const HISTORY_POLL_MS = 20_000;

/** The figures, the workers and the last minutes. */
export const overviewQuery = queryOptions({
  queryKey: ["overview"],
  queryFn: ({ signal }) => apiFetch({ path: "/api/overview", schema: overviewSchema, signal }),
  refetchInterval: POLL_MS,
  // One question at a time, each the newest: the next poll is the retry.
  retry: false,
  structuralSharing: true,
});

/** The history of a range; the one before stays on the screen while the next is read. */
export const overviewHistoryQuery = (range: HistoryRange) =>
  queryOptions({
    queryKey: ["overview-history", range],
    queryFn: ({ signal }) => apiFetch({ path: "/api/overview/history", query: { range }, schema: overviewHistorySchema, signal }),
    refetchInterval: HISTORY_POLL_MS,
    staleTime: HISTORY_POLL_MS / 2,
  });
