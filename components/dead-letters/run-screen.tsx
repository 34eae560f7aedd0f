import { Anchor, Title } from "@mantine/core";
import Link from "next/link";
import { Failure, ListSkeleton, StaleNotice } from "#components/ui/feedback.tsx";
import { Tag } from "#components/ui/tag.tsx";
import { ReceiptItems, RunFacts, RunProgress } from "./receipt.tsx";
import type { ReceiptState } from "./receipt-panel.tsx";
import classes from "./dead-letters.module.css";

/** The permanent receipt of one run: what became of each death it froze. Props only. */
export function RunScreen({ state, nowMs, onRetry }: { state: ReceiptState; nowMs: number | null; onRetry: () => void }) {
  return (
    <div className={classes.screen}>
      <div className={classes.runHead}>
        <Anchor component={Link} href="/dead-letters" size="sm">
          Dead letters
        </Anchor>
        <div className={classes.panelHead}>
          <Title order={1} size="h3">
            Redrive run
          </Title>
          {state.kind === "receipt" && (
            <Tag tone={state.receipt.state === "running" ? "busy" : "neutral"}>{state.receipt.state === "running" ? "Running" : "Finished"}</Tag>
          )}
        </div>
      </div>
      {state.kind === "loading" && <ListSkeleton label="Loading the run" rows={8} />}
      {state.kind === "failed" && <Failure title="The run could not be read" message={state.message} onRetry={onRetry} />}
      {state.kind === "receipt" && (
        <>
          {state.stale && <StaleNotice age={state.stale.age} message={state.stale.message} />}
          <RunFacts run={state.receipt} nowMs={nowMs} />
          <RunProgress run={state.receipt} />
          <ReceiptItems items={state.receipt.items} nowMs={nowMs} />
        </>
      )}
    </div>
  );
}
