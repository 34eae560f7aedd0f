import type { ReactNode } from "react";
import classes from "./dead-end.module.css";

/** A page that cannot be shown: what happened, and the ways on. */
export function DeadEnd({ title, children, actions }: { title: string; children: ReactNode; actions: ReactNode }) {
  return (
    <div className={classes.frame}>
      <h1 className={classes.title}>{title}</h1>
      <div className={classes.words}>{children}</div>
      <div className={classes.actions}>{actions}</div>
    </div>
  );
}
