import type { ReactNode } from "react";
import { CopyText } from "./copy-text.tsx";
import classes from "./facts.module.css";

export interface Fact {
  name: string;
  value: ReactNode;
  /** Gives the fact a copy button for this text. */
  copy?: string;
}

/** Names and values in two columns. A value that is not known is a dash, never left out. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className={classes.facts}>
      {facts.map(({ name, value, copy }) => (
        <div key={name} className={classes.fact}>
          <dt>{name}</dt>
          <dd>
            <span className={classes.value}>{value ?? "–"}</span>
            {copy !== undefined && <CopyText text={copy} what={name.toLowerCase()} />}
          </dd>
        </div>
      ))}
    </dl>
  );
}
