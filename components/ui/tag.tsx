import type { ReactNode } from "react";
import classes from "./tag.module.css";

export type TagTone = "neutral" | "ok" | "warn" | "bad" | "busy";

/** One word of state; the words say it, the colour only helps. */
export function Tag({ tone, title, children }: { tone: TagTone; title?: string; children: ReactNode }) {
  return (
    <span className={classes.tag} data-tone={tone} title={title}>
      {children}
    </span>
  );
}
