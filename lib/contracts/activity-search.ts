import { z } from "zod";
import { storedActivitySchema, userIdSchema } from "#lib/contracts/activity.ts";

/** Search of one user's stored activities by the time they occurred, newest first. */
export const activitySearchQuerySchema = z.object({
  user: userIdSchema,
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
  cursor: z.string().max(4096).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type ActivitySearchQuery = z.infer<typeof activitySearchQuerySchema>;

export const activitySearchResultSchema = z.object({
  items: z.array(storedActivitySchema),
  nextCursor: z.string().nullable(),
  /** When the table was asked: the answer is eventually consistent. */
  asOf: z.iso.datetime(),
});
export type ActivitySearchResult = z.infer<typeof activitySearchResultSchema>;
