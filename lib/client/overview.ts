import { queryOptions } from "@tanstack/react-query";
import { apiFetch } from "#lib/client/fetch.ts";
import { type HistoryRange, overviewHistorySchema, overviewSchema } from "#lib/contracts/overview.ts";

/** How often the page asks; the server reads its sources no more often than this for all pages together. */
const POLL_MS = 1_000;
/** In a tab that nobody looks at, where only the title shows. */
const HIDDEN_POLL_MS = 5_000;
/** The server waits less than this for its slowest source; a page without an answer for longer is not live. */
const POLL_TIMEOUT_MS = 5_000;
const HISTORY_POLL_MS = 20_000;

/** Also asked while the server draws the page, where there is no document. */
const isHidden = () => typeof document !== "undefined" && document.visibilityState === "hidden";

/** The figures, the workers and the last minutes. */
export const overviewQuery = queryOptions({
  queryKey: ["overview"],
  queryFn: ({ signal }) => apiFetch({ path: "/api/overview", schema: overviewSchema, signal, timeoutMs: POLL_TIMEOUT_MS }),
  refetchInterval: () => (isHidden() ? HIDDEN_POLL_MS : POLL_MS),
  // The tab's title has a number: it must not stop at an old one.
  refetchIntervalInBackground: true,
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
