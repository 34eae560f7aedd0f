import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { apiFetch } from "#lib/client/fetch.ts";
import { sessionText } from "#lib/client/session-text.ts";
import { activitySearchResultSchema } from "#lib/contracts/activity-search.ts";

/** A search as it was started: the same words searched again are another one. */
export interface ActivitySearch {
  /** Counts the searches of this page. */
  number: number;
  user: string;
  /** ISO 8601; absent = open end. Both ends are included. */
  from?: string;
  to?: string;
}

/** Activities on one page of the list. */
const PAGE_SIZE = 50;

/** The user whom somebody searched last in this tab; another page may put one here before it links to the search. */
export const searchedUser = sessionText("activity.user");

function activitySearchOptions(search: ActivitySearch | null) {
  return infiniteQueryOptions({
    queryKey: ["activities", search] as const,
    queryFn: ({ pageParam, signal }) =>
      apiFetch({
        path: "/api/activities/search",
        body: {
          user: search?.user,
          from: search?.from,
          to: search?.to,
          limit: PAGE_SIZE,
          ...(pageParam !== null && { cursor: pageParam }),
        },
        schema: activitySearchResultSchema,
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.nextCursor,
    enabled: search !== null,
    // A list that a person pages through stands still until they search again.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    gcTime: 60_000,
  });
}

/** The pages of a search read so far; idle while there is no search. */
export const useActivitySearch = (search: ActivitySearch | null) => useInfiniteQuery(activitySearchOptions(search));
