import { z } from "zod";
import { drainHistoryEntrySchema, drainSchema } from "#lib/contracts/drain.ts";
import { figureSchema } from "#lib/contracts/figure.ts";

/** What the backlog will do at the rates measured now. Seconds from the snapshot's `at`. */
export const drainEtaSchema = z.discriminatedUnion("state", [
  z.object({ state: z.literal("empty") }),
  z.object({ state: z.literal("draining"), seconds: z.number(), clearsAt: z.iso.datetime() }),
  /** More arrives than is stored, and the dial is not what holds it back. */
  z.object({ state: z.literal("growing"), perSecond: z.number() }),
  /** Messages wait and none is stored. */
  z.object({ state: z.literal("stalled") }),
  /** At this dial it cannot drain: it takes at least this rate to keep up with what arrives. */
  z.object({ state: z.literal("will_not_drain"), neededWcuPerSecond: z.number() }),
  z.object({ state: z.literal("unknown"), reason: z.string() }),
]);
export type DrainEta = z.infer<typeof drainEtaSchema>;

export const overviewWorkerSchema = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.number().int(),
  version: z.string(),
  state: z.string(),
  /** Seen in the last seconds; one that is not may be gone without having said so. */
  alive: z.boolean(),
  startedAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  acknowledged: z
    .object({ rateWcuPerSecond: z.number(), version: z.number().int(), at: z.iso.datetime() })
    .nullable(),
  storedPerSecond: z.number(),
  writeUnitsPerSecond: z.number(),
  /** Failed attempts; a throttle is none. */
  failedPerSecond: z.number(),
  lastError: z.object({ message: z.string(), at: z.iso.datetime() }).nullable(),
});
export type OverviewWorker = z.infer<typeof overviewWorkerSchema>;

/** One point of a series; null = nobody measured, which is not zero. */
export const seriesPointSchema = z.object({
  /** Start of the period, epoch seconds. */
  t: z.number().int(),
  waiting: z.number().nullable(),
  arrivalPerSecond: z.number().nullable(),
  drainPerSecond: z.number().nullable(),
  writeUnitsPerSecond: z.number().nullable(),
  throttles: z.number().nullable(),
});
export type SeriesPoint = z.infer<typeof seriesPointSchema>;

export const overviewSchema = z.object({
  queue: z.string(),
  deadLetterQueue: z.string(),
  table: z.string(),
  /** The server's clock when this was put together; ages count from here. */
  at: z.iso.datetime(),
  figures: z.object({
    waiting: figureSchema(z.number()),
    inFlight: figureSchema(z.number()),
    /** Seconds; null = nothing waits. */
    oldestAgeSeconds: figureSchema(z.number().nullable()),
    deadLetters: figureSchema(z.number()),
    arrivalPerSecond: figureSchema(z.number()),
    drain: figureSchema(z.object({ activitiesPerSecond: z.number(), writeUnitsPerSecond: z.number() })),
    /** Provisioned is null for an on-demand table without a set maximum. */
    provisionedWriteUnits: figureSchema(z.number().nullable()),
    throttlesLastMinute: figureSchema(z.number()),
    timeToDrain: figureSchema(drainEtaSchema),
  }),
  dial: figureSchema(drainSchema),
  /** Measured cost of one activity over the last minutes; null when none was stored. */
  writeUnitsPerActivity: z.number().nullable(),
  workers: figureSchema(z.array(overviewWorkerSchema)),
  /** The last minutes by the second, oldest first. */
  live: z.array(seriesPointSchema),
  /** Where producers send activities. */
  publicApiUrl: z.string(),
});
export type Overview = z.infer<typeof overviewSchema>;

export const HISTORY_RANGES = ["5m", "15m", "1h", "3h", "24h"] as const;
export const historyRangeSchema = z.enum(HISTORY_RANGES);
export type HistoryRange = z.infer<typeof historyRangeSchema>;
export const DEFAULT_HISTORY_RANGE: HistoryRange = "15m";

export const overviewHistoryQuerySchema = z.object({ range: historyRangeSchema.default(DEFAULT_HISTORY_RANGE) });

export const overviewHistorySchema = z.object({
  range: historyRangeSchema,
  /** Length of each period of `points`. */
  periodSeconds: z.number().int(),
  metrics: figureSchema(z.array(seriesPointSchema)),
  /** Changes of the dial in the range, oldest first. */
  changes: figureSchema(z.array(drainHistoryEntrySchema)),
});
export type OverviewHistory = z.infer<typeof overviewHistorySchema>;

export const drainAnswerSchema = z.object({ drain: drainSchema });
