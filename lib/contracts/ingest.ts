import { z } from "zod";
import { instantSchema } from "#lib/contracts/activity.ts";
import { problemSchema } from "#lib/contracts/problem.ts";

/** Fate of one activity of a request. Unknown is never called refused: it may have been queued. */
export const verdictSchema = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("accepted"),
    id: z.string(),
    occurredAt: instantSchema,
    /** SQS took an activity that follows this user's refused one, in this try or an earlier one: order was not kept. */
    outOfOrder: z.literal(true).optional(),
  }),
  z.object({ status: z.literal("refused"), id: z.string().optional(), field: z.string().optional(), reason: z.string() }),
  z.object({ status: z.literal("not_sent"), id: z.string(), reason: z.string() }),
  z.object({ status: z.literal("unknown"), id: z.string(), reason: z.string() }),
]);
export type Verdict = z.infer<typeof verdictSchema>;

/** Body of 202 (all accepted) and 207 (mixed): one verdict per activity, in the order of the request. */
export const ingestResponseSchema = z.object({ results: z.array(verdictSchema) });
export type IngestResponse = z.infer<typeof ingestResponseSchema>;

/** Body of 422 and 503: nothing was accepted. Where the activities were judged, it holds their verdicts too. */
export const ingestProblemSchema = problemSchema.extend({ results: z.array(verdictSchema).optional() });
export type IngestProblem = z.infer<typeof ingestProblemSchema>;
