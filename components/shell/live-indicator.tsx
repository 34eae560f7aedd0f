"use client";

import { useLiveState } from "#lib/client/live-state.ts";
import classes from "./app-shell.module.css";

const WORDS = {
  waiting: { label: "Connecting", hint: "The first answer is awaited." },
  connected: { label: "Connected", hint: "The page gets answers as fast as it asks. Whether each figure is live stands beside it." },
  reconnecting: { label: "Reconnecting", hint: "The last question was not answered; the page keeps asking." },
  stale: { label: "Stale", hint: "No answer for more than 10 seconds: what you see is old." },
} as const;

/** Whether what is on the screen is being refreshed. Announced when it changes, not at each poll. */
export function LiveIndicator() {
  const state = useLiveState();
  const { label, hint } = WORDS[state];
  return (
    <output aria-label="Connection" className={classes.live} data-state={state} data-testid="live-state" title={hint}>
      <span className={classes.dot} aria-hidden="true" />
      <span className={classes.liveLabel}>{label}</span>
    </output>
  );
}
