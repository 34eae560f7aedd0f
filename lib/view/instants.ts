const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(zone: string | undefined): Intl.DateTimeFormat {
  const key = zone ?? "";
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", {
      ...(zone !== undefined && { timeZone: zone }),
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      fractionalSecondDigits: 3,
      hourCycle: "h23",
    });
    formats.set(key, format);
  }
  return format;
}

/**
 * Date and time in a zone as `2026-01-31 12:00:00`, which sorts and reads the same in every country.
 * @param zone IANA name; absent = the reader's own. @param milliseconds adds `.000`.
 */
export function dateTime(iso: string, { zone, milliseconds = false }: { zone?: string; milliseconds?: boolean } = {}): string {
  const parts = new Map(formatIn(zone).formatToParts(Date.parse(iso)).map((part) => [part.type, part.value]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? "";
  const whole = `${part("year").padStart(4, "0")}-${part("month")}-${part("day")} ${part("hour")}:${part("minute")}:${part("second")}`;
  return milliseconds ? `${whole}.${part("fractionalSecond")}` : whole;
}

/** A zone as a reader knows it, with its offset at an instant: `Europe/Berlin, UTC+01:00`. */
export function zoneLabel(nowMs: number, zone?: string): string {
  const format = new Intl.DateTimeFormat("en-GB", { ...(zone !== undefined && { timeZone: zone }), timeZoneName: "longOffset" });
  const offset = format.formatToParts(nowMs).find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  const name = format.resolvedOptions().timeZone;
  const utc = offset.replace("GMT", "UTC");
  return name === "UTC" ? "UTC" : `${name}, ${utc}`;
}

/** A length of time in its two largest units: `412 ms`, `3.2 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms < SECOND) return `${Math.round(ms)} ms`;
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  const pair = (large: number, largeName: string, small: number, smallName: string) => {
    const rest = Math.floor((ms % large) / small);
    return `${Math.floor(ms / large)} ${largeName}${rest > 0 ? ` ${rest} ${smallName}` : ""}`;
  };
  if (ms < HOUR) return pair(MINUTE, "min", SECOND, "s");
  if (ms < DAY) return pair(HOUR, "h", MINUTE, "min");
  return pair(DAY, "d", HOUR, "h");
}

/** Age of an instant in one unit: `just now`, `12 s ago`, `5 min ago`. A future one (clocks differ) is `just now`. */
export function ago(iso: string, nowMs: number): string {
  const ms = nowMs - Date.parse(iso);
  if (ms < 5 * SECOND) return "just now";
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h ago`;
  return `${Math.floor(ms / DAY)} d ago`;
}

/** Value of a `datetime-local` field for an instant, in the reader's zone, to the second. */
export function toLocalField(ms: number): string {
  return dateTime(new Date(ms).toISOString()).replace(" ", "T");
}

/**
 * Instant of a `datetime-local` field, read in the reader's zone.
 * @param end takes the whole second or minute that was named, up to its last millisecond.
 * @returns null for an empty or unreadable field.
 */
export function fromLocalField(value: string, { end = false }: { end?: boolean } = {}): string | null {
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/.exec(value);
  const ms = shape ? new Date(value).getTime() : Number.NaN;
  if (Number.isNaN(ms)) return null;
  const namedMs = shape?.[2] !== undefined ? 1 : shape?.[1] !== undefined ? SECOND : MINUTE;
  return new Date(end ? ms + namedMs - 1 : ms).toISOString();
}
