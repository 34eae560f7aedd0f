import { clockTime } from "#lib/view/clock-time.ts";

/** A time of day in the reader's zone, with the day when it is not today; UTC until the page has come alive. */
export function Clock({ at, nowMs, seconds = false }: { at: string; nowMs: number | null; seconds?: boolean }) {
  const text = nowMs === null ? `${at.slice(11, 16)} UTC` : clockTime(Date.parse(at), { nowMs, seconds });
  return (
    <time dateTime={at} className="mono">
      {text}
    </time>
  );
}
