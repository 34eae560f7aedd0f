import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { apiFetch } from "#lib/client/fetch.ts";
import { sessionText } from "#lib/client/session-text.ts";
import {
  type DeathStatus,
  deadLetterDetailSchema,
  deadLetterListSchema,
  failingListSchema,
  type RedriveRequest,
  redriveReceiptSchema,
  redriveRunListSchema,
  redriveRunSchema,
  revealedBodySchema,
} from "#lib/contracts/dead-letters.ts";

/** How often the lists are read again, milliseconds. Each poll costs a few indexed reads of Postgres. */
const POLL_MS = 2_000;
/** A run under way is watched closely; its receipt stands still once it is finished. */
const RUN_POLL_MS = 1_000;
/** Rows of one page: polled as a whole, so it stays small. */
const PAGE_SIZE = 25;

export interface DeadLetterFilter {
  status?: DeathStatus;
  /** Exact user id; personal data, so it travels in the body of the call. */
  user?: string;
  cursor?: string;
}

/** The user whom somebody filters by in this tab. */
export const filteredUser = sessionText("dead-letters.user");

const keys = {
  all: ["dead-letters"] as const,
  list: (filter: DeadLetterFilter) => ["dead-letters", "list", filter] as const,
  detail: (id: string) => ["dead-letters", "detail", id] as const,
  failing: ["dead-letters", "failing"] as const,
  runs: ["dead-letters", "runs"] as const,
  receipt: (id: string) => ["dead-letters", "runs", id] as const,
};

/** One page of the ledger, polled; the page before stays on the screen while the next one is read. */
export const useDeadLetters = (filter: DeadLetterFilter) =>
  useQuery({
    queryKey: keys.list(filter),
    queryFn: ({ signal }) => apiFetch({ path: "/api/dead-letters/search", body: { ...filter, limit: PAGE_SIZE }, schema: deadLetterListSchema, signal }),
    refetchInterval: POLL_MS,
    placeholderData: keepPreviousData,
  });

/** One death with history and masked body; idle without an id. */
export const useDeadLetter = (id: string | null) =>
  useQuery({
    queryKey: keys.detail(id ?? ""),
    queryFn: ({ signal }) => apiFetch({ path: `/api/dead-letters/${encodeURIComponent(id ?? "")}`, schema: deadLetterDetailSchema, signal }),
    enabled: id !== null,
    refetchInterval: POLL_MS,
    // Who did what may be personal data: it is dropped soon after its drawer is closed.
    gcTime: 10_000,
  });

/** Asks for the body of a death, which is audited. Nothing of it is kept here: it goes with what shows it. */
export function useReveal(): (id: string) => Promise<string> {
  const { mutateAsync, reset } = useMutation({
    mutationFn: (id: string) => apiFetch({ path: `/api/dead-letters/${encodeURIComponent(id)}/reveal`, body: {}, schema: revealedBodySchema }),
    gcTime: 0,
  });
  return async (id) => {
    try {
      return (await mutateAsync(id)).body;
    } finally {
      reset();
    }
  };
}

/** Messages that fail and are not dead yet, polled. */
export const useFailing = () =>
  useQuery({
    queryKey: keys.failing,
    queryFn: ({ signal }) => apiFetch({ path: "/api/dead-letters/failing", schema: failingListSchema, signal }),
    refetchInterval: POLL_MS,
  });

/** The latest redrive runs, polled. */
export const useRedriveRuns = () =>
  useQuery({
    queryKey: keys.runs,
    queryFn: ({ signal }) => apiFetch({ path: "/api/redrives", schema: redriveRunListSchema, signal }),
    refetchInterval: POLL_MS,
  });

/** Receipt of a run, polled until the run is finished; idle without an id. */
export const useReceipt = (id: string | null) =>
  useQuery({
    queryKey: keys.receipt(id ?? ""),
    queryFn: ({ signal }) => apiFetch({ path: `/api/redrives/${encodeURIComponent(id ?? "")}`, schema: redriveReceiptSchema, signal }),
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data?.state === "finished" ? false : RUN_POLL_MS),
  });

/** Creates a run. Safe to repeat with the same `runId`: it is the same run. */
export function useRedrive() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (request: RedriveRequest) => apiFetch({ path: "/api/redrives", body: request, schema: redriveRunSchema }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.all }),
  });
}
