import { ago, dateTime } from "#lib/view/instants.ts";

export interface InstantProps {
  /** ISO 8601. */
  at: string;
  /** The reader's clock; null before the page has come alive, when zone and clock are not the reader's yet. */
  nowMs: number | null;
  /** `ago` = age, the time itself in the title; `time` = to the second; `exact` = to the millisecond, with the age. */
  as?: "ago" | "time" | "exact";
}

/** A point in time in the reader's zone; the title has it in UTC too. */
export function Instant({ at, nowMs, as = "ago" }: InstantProps) {
  const utc = at.replace("T", " ").replace("Z", " UTC");
  if (nowMs === null) return <time dateTime={at}>{utc}</time>;
  const local = dateTime(at, { milliseconds: as === "exact" });
  return (
    <time dateTime={at} title={`${dateTime(at, { milliseconds: true })} · ${utc}`} className={as === "ago" ? undefined : "mono"}>
      {as === "ago" ? ago(at, nowMs) : local}
    </time>
  );
}
