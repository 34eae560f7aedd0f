import { Clock } from "#components/ui/clock.tsx";
import type { DrainEta } from "#lib/contracts/overview.ts";
import type { DrainPreview } from "#lib/view/drain-preview.ts";
import { etaWords } from "#lib/view/figures.ts";
import { rate } from "#lib/view/numbers.ts";
import classes from "./overview.module.css";

function Eta({ eta, nowMs }: { eta: DrainEta; nowMs: number | null }) {
  const { value, note, noteAt } = etaWords(eta);
  return (
    <>
      <span className="mono">{value}</span>
      {eta.state !== "empty" && note && (
        <span className={classes.dim}>
          {", "}
          {note} {noteAt && <Clock at={noteAt} nowMs={nowMs} />}
        </span>
      )}
    </>
  );
}

/** What the rate would do, before Apply. Its place is kept when there is nothing to say. */
export function DialPreview({ preview, changed, nowMs }: { preview: DrainPreview; changed: boolean; nowMs: number | null }) {
  return (
    <div className={classes.preview} data-changed={changed || undefined}>
      <dl className={classes.previewFacts}>
        <div>
          <dt>{changed ? "Would drain at" : "Allows"}</dt>
          <dd>
            {preview.effectiveWcuPerSecond === null || preview.activitiesPerSecond === null ? (
              "–"
            ) : (
              <>
                <span className="mono" data-testid="preview-rate">
                  {rate(preview.effectiveWcuPerSecond)}
                </span>{" "}
                WCU/s <span className={classes.dim}>≈ {rate(preview.activitiesPerSecond)} activities/s{preview.costAssumed ? " at 1 WCU each" : ""}</span>
              </>
            )}
          </dd>
        </div>
        <div>
          <dt>Time to drain</dt>
          <dd>{preview.eta === null ? "–" : <Eta eta={preview.eta} nowMs={nowMs} />}</dd>
        </div>
      </dl>
      <output className={classes.warning} data-testid="dial-warning">
        {preview.warning}
      </output>
    </div>
  );
}
