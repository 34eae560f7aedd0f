import { Button } from "@mantine/core";
import { Instant } from "./instant.tsx";
import classes from "./pager.module.css";

export interface PagerProps {
  /** Accessible name of the two buttons. */
  label: string;
  /** From 1, the newest. */
  page: number;
  hasOlder: boolean;
  /** When the list was read, ISO 8601. */
  asOf: string;
  nowMs: number | null;
  onNewer: () => void;
  onOlder: () => void;
}

/** Below a list: how old it is, and the way to its other pages where there are any. */
export function Pager({ label, page, hasOlder, asOf, nowMs, onNewer, onOlder }: PagerProps) {
  return (
    <div className={classes.pager}>
      <span className={classes.asOf}>
        As of <Instant at={asOf} nowMs={nowMs} as="time" />
      </span>
      {(page > 1 || hasOlder) && (
        <nav aria-label={label} className={classes.pages}>
          <Button size="xs" variant="default" disabled={page === 1} onClick={onNewer}>
            Newer
          </Button>
          <span>Page {page}</span>
          <Button size="xs" variant="default" disabled={!hasOlder} onClick={onOlder}>
            Older
          </Button>
        </nav>
      )}
    </div>
  );
}
