"use client";

import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./feedback.module.css";

/** Something failed; says what and how to go on. */
export function Failure({ title, message, onRetry, retryLabel = "Try again" }: { title: string; message: string; onRetry?: () => void; retryLabel?: string }) {
  return (
    <div role="alert" className={classes.notice} data-tone="bad">
      <div>
        <p className={classes.title}>{title}</p>
        <p>{message}</p>
      </div>
      {onRetry && (
        <Button size="xs" variant="default" onClick={onRetry}>
          {retryLabel}
        </Button>
      )}
    </div>
  );
}

/** What is on the screen is old; it stays there, with its age. */
export function StaleNotice({ age, message }: { age: string; message: string }) {
  return (
    <div className={classes.notice} data-tone="warn">
      <span>
        {/* The age changes all the time: only the rest is announced. */}
        <output>
          <strong className={classes.title}>Old figures.</strong> {message} The page keeps asking.
        </output>{" "}
        Read {age}.
      </span>
    </div>
  );
}

/** Something to know before going on. */
export function Warning({ children }: { children: ReactNode }) {
  return <p className={classes.warning}>{children}</p>;
}

/** There is nothing to list, or nothing yet. */
export function Nothing({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={classes.nothing}>
      <p className={classes.title}>{title}</p>
      {children !== undefined && <div className={classes.words}>{children}</div>}
    </div>
  );
}

const SKELETON_ROWS = ["a", "b", "c", "d", "e", "f", "g", "h"] as const;

/** Place of a list whose first answer is awaited. */
export function ListSkeleton({ label, rows = 6 }: { label: string; rows?: number }) {
  return (
    <output aria-label={label} className={classes.skeleton}>
      {SKELETON_ROWS.slice(0, rows).map((row) => (
        <Skeleton key={row} component="span" height={18} radius="sm" />
      ))}
    </output>
  );
}
