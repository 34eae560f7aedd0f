import { Anchor, Title } from "@mantine/core";
import Link from "next/link";
import type { ReactNode } from "react";
import { Failure, ListSkeleton, Nothing } from "#components/ui/feedback.tsx";
import { Instant } from "#components/ui/instant.tsx";
import { type RecordColumn, RecordTable } from "#components/ui/record-table.tsx";
import { Tag } from "#components/ui/tag.tsx";
import type { FailingMessage, RedriveRun } from "#lib/contracts/dead-letters.ts";
import { visibleText } from "#lib/view/json-text.ts";
import { nameOf } from "./words.ts";
import classes from "./dead-letters.module.css";

/** A list that is awaited, failed without ever having been read, or there; kept rows outlive a failed poll, marked as old. */
export type SideList<Row> = { kind: "loading" } | { kind: "failed"; message: string } | { kind: "rows"; rows: readonly Row[]; stale: { age: string; message: string } | null };

interface SideProps<Row> {
  list: SideList<Row>;
  nowMs: number | null;
}

function Side<Row>({ list, what, empty, children }: { list: SideList<Row>; what: string; empty: string; children: (rows: readonly Row[]) => ReactNode }) {
  if (list.kind === "loading") return <ListSkeleton label={`Loading ${what}`} rows={3} />;
  if (list.kind === "failed") return <Failure title={`The ${what} could not be read`} message={list.message} />;
  return (
    <>
      {list.stale && (
        <p className={classes.old}>
          Not live: read {list.stale.age}. {list.stale.message}
        </p>
      )}
      {list.rows.length === 0 ? <Nothing title={list.stale ? `${empty}, when it was last read` : empty} /> : children(list.rows)}
    </>
  );
}

const FAILING_COLUMNS = [
  { key: "name", header: "Activity", width: "24%", bare: true },
  { key: "user", header: "User", width: "20%" },
  { key: "attempts", header: "Attempts", width: "5.5rem", numeric: true },
  { key: "error", header: "Last error" },
  { key: "last", header: "Last failed", width: "6.5rem" },
] as const satisfies readonly RecordColumn<string>[];

/** Messages with failed attempts that may still be stored. */
export function FailingNow({ list, nowMs }: SideProps<FailingMessage>) {
  return (
    <section aria-labelledby="failing" className={classes.side}>
      <div>
        <Title order={2} size="h5" id="failing" tabIndex={-1}>
          Failing now
        </Title>
        <p className={classes.dim}>Not dead: each is tried again, and blocks its user’s later activities meanwhile.</p>
      </div>
      <Side list={list} what="failing messages" empty="Nothing is failing">
        {(rows) => (
          <RecordTable
            label="Failing now"
            columns={FAILING_COLUMNS}
            rows={rows.map((message) => ({
              key: message.messageId,
              cells: {
                name: (
                  <span className="mono" title={nameOf(message)}>
                    {nameOf(message)}
                  </span>
                ),
                user: message.userId === null ? <span className={classes.dim}>unknown</span> : <span title={message.userId}>{visibleText(message.userId)}</span>,
                attempts: message.attempts,
                error: <span title={message.lastError ?? undefined}>{message.lastError === null ? "–" : visibleText(message.lastError)}</span>,
                last: message.lastFailedAt === null ? "–" : <Instant at={message.lastFailedAt} nowMs={nowMs} />,
              },
            }))}
          />
        )}
      </Side>
    </section>
  );
}

const RUN_COLUMNS = [
  { key: "reason", header: "Run", bare: true },
  { key: "started", header: "Started", width: "6.5rem" },
  { key: "by", header: "By", width: "17%" },
  { key: "outcome", header: "Outcome", width: "12rem" },
  { key: "state", header: "State", width: "6.5rem" },
] as const satisfies readonly RecordColumn<string>[];

function outcome({ counts, selected }: RedriveRun): string {
  const parts = [`${counts.stored} of ${selected} stored`];
  if (counts.bounced > 0) parts.push(`${counts.bounced} bounced`);
  return parts.join(", ");
}

/** The latest redrive runs, each with its receipt. */
export function RecentRuns({ list, nowMs }: SideProps<RedriveRun>) {
  return (
    <section aria-labelledby="runs" className={classes.side}>
      <div>
        <Title order={2} size="h5" id="runs" tabIndex={-1}>
          Recent runs
        </Title>
        <p className={classes.dim}>What became of each redrive.</p>
      </div>
      <Side list={list} what="redrive runs" empty="No redrive yet">
        {(rows) => (
          <RecordTable
            label="Recent runs"
            columns={RUN_COLUMNS}
            rows={rows.map((run) => ({
              key: run.id,
              cells: {
                reason: (
                  <Anchor component={Link} href={`/dead-letters/runs/${run.id}`} size="sm" title={run.reason}>
                    {visibleText(run.reason)}
                  </Anchor>
                ),
                started: <Instant at={run.createdAt} nowMs={nowMs} />,
                by: visibleText(run.actor),
                outcome: outcome(run),
                state: <Tag tone={run.state === "running" ? "busy" : "neutral"}>{run.state === "running" ? "Running" : "Finished"}</Tag>,
              },
            }))}
          />
        )}
      </Side>
    </section>
  );
}
