import { z } from "zod";

/**
 * A number with its source and age. `error` without a value means that it was never read since the start;
 * with one, it is the last good value and must not be taken for a live one.
 */
export function figureSchema<T extends z.ZodType>(value: T) {
  return z.discriminatedUnion("state", [
    z.object({ state: z.literal("ok"), value, source: z.string(), asOf: z.iso.datetime() }),
    z.object({ state: z.literal("stale"), value, source: z.string(), asOf: z.iso.datetime(), error: z.string().optional() }),
    z.object({ state: z.literal("error"), source: z.string(), error: z.string() }),
  ]);
}

export type Figure<T> =
  | { state: "ok"; value: T; source: string; asOf: string }
  | { state: "stale"; value: T; source: string; asOf: string; error?: string | undefined }
  | { state: "error"; source: string; error: string };
