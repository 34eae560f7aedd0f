import { Clock } from "#components/ui/clock.tsx";
import type { StateSentence } from "#lib/view/state-sentence.ts";
import classes from "./overview.module.css";

/** The state of the queue in words. Only the headline is announced when it changes: the numbers change each second. */
export function StateBanner({ sentence, nowMs }: { sentence: StateSentence; nowMs: number | null }) {
  return (
    <div className={classes.banner} data-tone={sentence.tone} data-testid="state-sentence">
      <span className={classes.beacon} aria-hidden="true" />
      <p className={classes.sentence}>
        <output className={classes.headline}>{sentence.headline}</output>
        <span aria-hidden="true">: </span>
        {sentence.parts.map((part) => (typeof part === "string" ? part : <Clock key={part.at} at={part.at} nowMs={nowMs} />))}
      </p>
    </div>
  );
}
