"use client";

import { useState } from "react";
import { useAccount } from "#lib/client/account.tsx";
import { type ActivitySearch, searchedUser, useActivitySearch } from "#lib/client/activities.ts";
import { useAlive, useNow } from "#lib/client/use-now.ts";
import type { StoredActivity } from "#lib/contracts/activity.ts";
import { fromLocalField, toLocalField, zoneLabel } from "#lib/view/instants.ts";
import { type ActivityResults, ActivityScreen } from "./activity-screen.tsx";
import { rangeWords } from "./range-words.ts";
import type { Preset, SearchFields, SearchFormProps } from "./search-form.tsx";

/** The part of a search that stands in the address. */
export interface RangeInAddress {
  from?: string;
  to?: string;
}

const HOUR_MS = 3_600_000;
const ignore = () => undefined;

/** Reads the fields. `errors` is empty exactly when `search` is there. */
function readFields(fields: SearchFields): { search: Omit<ActivitySearch, "number"> | null; errors: SearchFormProps["errors"] } {
  const from = fromLocalField(fields.from);
  const to = fromLocalField(fields.to, { end: true });
  const errors: SearchFormProps["errors"] = {};
  if (fields.user === "") errors.user = "Enter a user id.";
  else if (Array.from(fields.user).length > 256) errors.user = "A user id has at most 256 characters.";
  if (fields.from !== "" && from === null) errors.from = "Not a date and time.";
  if (fields.to !== "" && to === null) errors.to = "Not a date and time.";
  if (from !== null && to !== null && from > to) errors.to = "Must not be before From.";
  const search = { user: fields.user, ...(from !== null && { from }), ...(to !== null && { to }) };
  return { search: Object.keys(errors).length === 0 ? search : null, errors };
}

function addressOf({ from, to }: RangeInAddress): string {
  const parameters = new URLSearchParams({ ...(from !== undefined && { from }), ...(to !== undefined && { to }) });
  return parameters.size === 0 ? window.location.pathname : `${window.location.pathname}?${parameters.toString()}`;
}

function resultsOf(search: ActivitySearch | null, query: ReturnType<typeof useActivitySearch>): ActivityResults {
  if (search === null) return { kind: "initial" };
  const [first] = query.data?.pages ?? [];
  if (!first) return query.isError ? { kind: "failed", message: query.error.message } : { kind: "loading" };
  const more = query.isFetchingNextPage ? "loading" : query.isFetchNextPageError ? { failed: query.error.message } : query.hasNextPage ? "more" : "end";
  return {
    kind: "found",
    items: query.data?.pages.flatMap((page) => page.items) ?? [],
    asOf: first.asOf,
    range: rangeWords(search),
    paddedUser: search.user !== search.user.trim(),
    more,
  };
}

function ActivityBrowser({ initial }: { initial: RangeInAddress }) {
  const nowMs = useNow();
  const person = useAccount()?.id ?? null;
  const [fields, setFields] = useState<SearchFields>(() => ({
    user: searchedUser.read(person) ?? "",
    from: initial.from === undefined ? "" : toLocalField(Date.parse(initial.from)),
    to: initial.to === undefined ? "" : toLocalField(Date.parse(initial.to)),
  }));
  const [errors, setErrors] = useState<SearchFormProps["errors"]>({});
  // A user kept from before a reload, or put here by another page, is searched at once.
  const [search, setSearch] = useState<ActivitySearch | null>(() => (fields.user === "" ? null : { number: 0, user: fields.user, ...initial }));
  const [opened, setOpened] = useState<StoredActivity | null>(null);
  const query = useActivitySearch(search);

  const submit = (given: SearchFields) => {
    const read = readFields(given);
    setErrors(read.errors);
    if (!read.search) return;
    searchedUser.write(person, read.search.user);
    window.history.replaceState(null, "", addressOf(read.search));
    setSearch({ ...read.search, number: (search?.number ?? 0) + 1 });
  };
  const preset = ({ hours }: Preset) => {
    const next = { ...fields, from: hours === null ? "" : toLocalField(Date.now() - hours * HOUR_MS), to: "" };
    setFields(next);
    if (next.user === "") setErrors({});
    else submit(next);
  };

  return (
    <ActivityScreen
      form={{
        fields,
        errors,
        zone: nowMs === null ? null : zoneLabel(nowMs),
        busy: query.isFetching && !query.isFetchingNextPage,
        disabled: false,
        onChange: setFields,
        onPreset: preset,
        onSubmit: () => submit(fields),
      }}
      results={resultsOf(search, query)}
      opened={opened}
      nowMs={nowMs}
      onOpen={setOpened}
      onClose={() => setOpened(null)}
      onRetry={() => void query.refetch()}
      onMore={() => void query.fetchNextPage()}
    />
  );
}

/** What the server draws: the reader's zone, clock and kept user are known only in the browser. */
const BEFORE_ALIVE = (
  <ActivityScreen
    form={{ fields: { user: "", from: "", to: "" }, errors: {}, zone: null, busy: false, disabled: true, onChange: ignore, onPreset: ignore, onSubmit: ignore }}
    results={{ kind: "initial" }}
    opened={null}
    nowMs={null}
    onOpen={ignore}
    onClose={ignore}
    onRetry={ignore}
    onMore={ignore}
  />
);

/** Fetches for the activity page. @param initial the range that the address holds. */
export function ActivityContainer({ initial }: { initial: RangeInAddress }) {
  return useAlive() ? <ActivityBrowser initial={initial} /> : BEFORE_ALIVE;
}
