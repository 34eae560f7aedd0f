import { dateTime } from "./instants.ts";

/**
 * Time of day as `14:32` in the reader's zone; another day's carries its date, `02-01 14:32`.
 * @param zone IANA name; absent = the reader's own.
 */
export function clockTime(atMs: number, { nowMs, seconds = false, zone }: { nowMs: number; seconds?: boolean; zone?: string }): string {
  const options = zone === undefined ? {} : { zone };
  const text = dateTime(new Date(atMs).toISOString(), options);
  const today = dateTime(new Date(nowMs).toISOString(), options).slice(0, 10);
  const time = text.slice(11, seconds ? 19 : 16);
  return text.startsWith(today) ? time : `${text.slice(5, 10)} ${time}`;
}
