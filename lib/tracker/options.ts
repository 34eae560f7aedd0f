import type { TrackerOptions } from "./types.ts";

export interface Settings {
  /** Where activities are posted. */
  endpoint: string;
  /** Where those are posted that a page sends as it goes. */
  beaconEndpoint: string;
  apiKey: string;
  flushIntervalMs: number;
  requestTimeoutMs: number;
  closeTimeoutMs: number;
  maxBatchActivities: number;
  maxBatchBytes: number;
  maxBufferedActivities: number;
  maxBufferedBytes: number;
}

/** What the API takes in one request. */
export const API_LIMITS = { activities: 500, bytes: 1024 * 1024 };

function whole(given: unknown, { least, most, otherwise }: { least: number; most: number; otherwise: number }): number {
  if (typeof given !== "number" || Number.isNaN(given)) return otherwise;
  return Math.floor(Math.min(Math.max(given, least), most));
}

/**
 * Reads the options; numbers out of bounds come to the nearest bound.
 * @throws TypeError for an address or a key that can never be right.
 */
export function readOptions(options: TrackerOptions): Settings {
  const { url, apiKey } = options;
  if (typeof url !== "string" || url === "") throw new TypeError("url must be the public API's address");
  if (typeof apiKey !== "string" || !/^[\x21-\x7e]+$/.test(apiKey)) throw new TypeError("apiKey must be an API key");
  const base = (globalThis as { location?: { href: string } }).location?.href;
  const endpoint = new URL(`${url.replace(/\/+$/, "")}/v1/activities`, base);
  if (!/^https?:$/.test(endpoint.protocol)) throw new TypeError("url must begin with http: or https:");
  const forEver = Number.MAX_SAFE_INTEGER;
  return {
    endpoint: endpoint.href,
    beaconEndpoint: new URL("beacon", endpoint).href,
    apiKey,
    flushIntervalMs: whole(options.flushIntervalMs, { least: 0, most: 3_600_000, otherwise: 1_000 }),
    requestTimeoutMs: whole(options.requestTimeoutMs, { least: 1, most: 600_000, otherwise: 15_000 }),
    closeTimeoutMs: whole(options.closeTimeoutMs, { least: 0, most: 600_000, otherwise: 5_000 }),
    maxBatchActivities: whole(options.maxBatchActivities, { least: 1, most: API_LIMITS.activities, otherwise: API_LIMITS.activities }),
    maxBatchBytes: whole(options.maxBatchBytes, { least: 1, most: API_LIMITS.bytes, otherwise: API_LIMITS.bytes }),
    maxBufferedActivities: whole(options.maxBufferedActivities, { least: 1, most: forEver, otherwise: 5_000 }),
    maxBufferedBytes: whole(options.maxBufferedBytes, { least: 1, most: forEver, otherwise: 2 * 1024 * 1024 }),
  };
}
