import { Skeleton } from "@mantine/core";
import { FigureTileSkeleton } from "#components/ui/figure-tile.tsx";
import { Panel } from "#components/ui/panel.tsx";
import classes from "./overview.module.css";

const LABELS = ["Waiting", "In flight", "Oldest age", "Time to drain", "Arrival", "Drain", "Write units", "Throttles", "Dead letters"] as const;

/** The overview before its first answer, of the same size. */
export function OverviewLoading() {
  return (
    <div className={classes.screen}>
      <output className={classes.hidden}>The overview is being read.</output>
      <Skeleton height={46} radius="md" />
      <div className={classes.figures}>
        {LABELS.map((label) => (
          <FigureTileSkeleton key={label} label={label} />
        ))}
      </div>
      <div className={classes.columns}>
        <Panel title="Drain rate">
          <Skeleton height={520} radius="md" />
        </Panel>
        <Panel title="Traffic">
          <Skeleton height={520} radius="md" />
        </Panel>
      </div>
      <Panel title="Workers">
        <Skeleton height={90} radius="md" />
      </Panel>
    </div>
  );
}
