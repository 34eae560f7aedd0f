import { Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./screen.module.css";

export interface ScreenProps {
  title: string;
  /** What the page is for, below its title. */
  words?: ReactNode;
  /** Stands beside the title where there is room. */
  aside: ReactNode;
  /** Many parts, closer to each other. */
  dense?: boolean;
  children: ReactNode;
}

/** A page with its title, and its parts below each other. */
export function Screen({ title, words, aside, dense = false, children }: ScreenProps) {
  const heading = (
    <Title order={1} size="h3">
      {title}
    </Title>
  );
  return (
    <div className={classes.screen} data-dense={dense || undefined}>
      <div className={classes.head} data-words={words !== undefined || undefined}>
        {words === undefined ? (
          heading
        ) : (
          <div>
            {heading}
            <p className={classes.words}>{words}</p>
          </div>
        )}
        {aside}
      </div>
      {children}
    </div>
  );
}
