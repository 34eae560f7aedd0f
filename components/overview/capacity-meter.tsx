import { count, percent, rate } from "#lib/view/numbers.ts";
import classes from "./overview.module.css";

export interface CapacityMeterProps {
  /** WCU/s that workers wrote; null = not known. */
  consumed: number | null;
  provisioned: number | null;
  /** Most that draining may use of the table, WCU/s. */
  guard: number | null;
  /** What workers may spend now, WCU/s. */
  allowed: number | null;
  throttles: number | null;
  /** The figures were read just now. */
  live: boolean;
}

/** Consumed against provisioned write units, with the guard and what the dial allows as marks. */
export function CapacityMeter({ consumed, provisioned, guard, allowed, throttles, live }: CapacityMeterProps) {
  const full = provisioned ?? Math.max(allowed ?? 0, consumed ?? 0, 1);
  const at = (value: number) => `${Math.min(100, (value / full) * 100)}%`;
  const share = consumed === null || provisioned === null ? null : consumed / provisioned;
  const limit = provisioned === null ? "no known limit" : `${count(provisioned)} WCU/s`;
  const text = `${live ? "" : "last read: "}${consumed === null ? "not known" : rate(consumed)} of ${limit}`;
  const tone = !live ? "old" : (throttles ?? 0) > 0 ? "bad" : share !== null && guard !== null && provisioned !== null && consumed !== null && consumed > guard * 1.02 ? "warn" : "ok";
  return (
    <div className={classes.meter} data-tone={tone}>
      <div className={classes.meterHead}>
        <span>Table write units</span>
        <span className="mono">
          {text}
          {share !== null && <strong> · {percent(share)}</strong>}
        </span>
      </div>
      <meter className={classes.hidden} min={0} max={full} value={Math.min(full, consumed ?? 0)} aria-label="Consumed write units" aria-valuetext={text} />
      <div className={classes.track} aria-hidden="true">
        <div className={classes.fill} style={{ width: at(consumed ?? 0) }} />
        {guard !== null && provisioned !== null && <span className={classes.guard} style={{ left: at(guard) }} title={`guard ${rate(guard)} WCU/s`} />}
        {allowed !== null && <span className={classes.allowed} style={{ left: at(allowed) }} title={`allowed ${rate(allowed)} WCU/s`} />}
      </div>
      <div className={classes.meterFoot}>
        <span>{guard !== null ? `guard at ${rate(guard)}` : provisioned === null ? "no guard without a known limit" : "guard not known"}</span>
        <span data-bad={(live && (throttles ?? 0) > 0) || undefined}>{throttles === null ? "throttles not known" : throttles === 1 ? "1 throttle in the last minute" : `${count(throttles)} throttles in the last minute`}</span>
      </div>
    </div>
  );
}
