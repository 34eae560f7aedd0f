import type { DeadLetterList } from "#lib/contracts/dead-letters.ts";
import { countText } from "./words.ts";
import classes from "./dead-letters.module.css";

/** The ledger in three figures; dashes until it was read, and grey once that is old. */
export function CountsHeader({ counts, live }: { counts: DeadLetterList["counts"] | null; live: boolean }) {
  const text = (count: DeadLetterList["counts"]["open"] | undefined) => (count === undefined ? "–" : countText(count));
  return (
    <dl className={classes.counts} aria-label={counts && !live ? "Counts, not live" : "Counts"} data-old={(counts && !live) || undefined}>
      <div data-tone={counts && counts.open.value > 0 ? "bad" : undefined}>
        <dt>Open</dt>
        <dd className="mono">{text(counts?.open)}</dd>
      </div>
      <div data-tone={counts && counts.failing.value > 0 ? "warn" : undefined}>
        <dt>
          <a href="#failing">Failing now</a>
        </dt>
        <dd className="mono">{text(counts?.failing)}</dd>
      </div>
      <div title="Stored or bounced, but the dead-letter queue still holds the copy. The sweeper removes it.">
        <dt>Resolved, not yet swept</dt>
        <dd className="mono">{text(counts?.awaitingSweep)}</dd>
      </div>
    </dl>
  );
}
