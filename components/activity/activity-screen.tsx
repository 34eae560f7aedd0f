import { Button, Title } from "@mantine/core";
import type { ReactNode } from "react";
import type { StoredActivity } from "#lib/contracts/activity.ts";
import { Failure, ListSkeleton, Nothing } from "#components/ui/feedback.tsx";
import { Instant } from "#components/ui/instant.tsx";
import { ActivityDrawer } from "./activity-drawer.tsx";
import { ActivityTable } from "./activity-table.tsx";
import { SearchForm, type SearchFormProps } from "./search-form.tsx";
import classes from "./activity.module.css";

/** What a search has come to. */
export type ActivityResults =
  | { kind: "initial" }
  | { kind: "loading" }
  | { kind: "failed"; message: string }
  | {
      kind: "found";
      items: readonly StoredActivity[];
      /** When the table was asked for the first page. */
      asOf: string;
      /** The range in words: `from 2026-01-31 12:00:00 on`. */
      range: string;
      /** The id begins or ends with white space: a likely slip, but a legal id. */
      paddedUser: boolean;
      more: "end" | "more" | "loading" | { failed: string };
    };

export interface ActivityScreenProps {
  form: SearchFormProps;
  results: ActivityResults;
  opened: StoredActivity | null;
  nowMs: number | null;
  onOpen: (activity: StoredActivity) => void;
  onClose: () => void;
  onRetry: () => void;
  onMore: () => void;
}

type Found = Extract<ActivityResults, { kind: "found" }>;

function foundWords({ items, more, range }: Found): string {
  if (items.length === 0) return `None found ${range}`;
  return more === "end" ? `All ${items.length} ${range}, newest first` : `The newest ${items.length} ${range}`;
}

function NoneFound({ results }: { results: Found }) {
  return (
    <Nothing title={`No activities of this user ${results.range}`}>
      <p>What is still in the queue is not in the table yet: it may come when the backlog has drained.</p>
      {results.paddedUser && <p>The user id starts or ends with a space. Is that meant?</p>}
    </Nothing>
  );
}

function ListEnd({ results, onMore }: { results: Found; onMore: () => void }) {
  const { more, items } = results;
  if (more === "end") return <p className={classes.end}>{items.length === 1 ? "That is the only one" : `End of the list: all ${items.length}`} {results.range}.</p>;
  if (typeof more === "object") return <Failure title="The next page could not be read" message={more.failed} onRetry={onMore} />;
  return (
    <Button className={classes.more} variant="default" loading={more === "loading"} onClick={onMore}>
      Load more
    </Button>
  );
}

function Results({ results, nowMs, onOpen, onRetry, onMore }: Pick<ActivityScreenProps, "results" | "nowMs" | "onOpen" | "onRetry" | "onMore">): ReactNode {
  if (results.kind === "initial") {
    return (
      <Nothing title="Look up one user">
        <p>Enter a user id to see that user’s stored activities, newest first, by the time they occurred.</p>
        <p>The id stays in this tab: it is not put into the address, so a link to this page names no one.</p>
      </Nothing>
    );
  }
  if (results.kind === "loading") return <ListSkeleton label="Searching" />;
  if (results.kind === "failed") return <Failure title="The search did not work" message={results.message} onRetry={onRetry} />;
  return (
    <>
      <div className={classes.summary}>
        <output>
          {foundWords(results)}
        </output>
        <span className={classes.asOf}>
          As of <Instant at={results.asOf} nowMs={nowMs} as="time" /> (<Instant at={results.asOf} nowMs={nowMs} />)
        </span>
      </div>
      {results.items.length === 0 ? (
        <NoneFound results={results} />
      ) : (
        <>
          <ActivityTable items={results.items} nowMs={nowMs} onOpen={onOpen} />
          <ListEnd results={results} onMore={onMore} />
        </>
      )}
    </>
  );
}

/** One user's activities: search, list, detail. Props only. */
export function ActivityScreen(props: ActivityScreenProps) {
  return (
    <>
      <div className={classes.screen}>
        <Title order={1} size="h3">
          Activity
        </Title>
        <SearchForm {...props.form} />
        <section aria-label="Results" className={classes.results}>
          <Results {...props} />
        </section>
      </div>
      <ActivityDrawer activity={props.opened} nowMs={props.nowMs} onClose={props.onClose} />
    </>
  );
}
