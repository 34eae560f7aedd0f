import { z } from "zod";

/** RFC 9457 problem details, the body of every error answer. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().optional(),
  /** Machine-readable code, stable over releases. */
  code: z.string(),
  /** Every fault found, each with the place it stands in (`activities[3].userId`). */
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof problemSchema>;
export const PROBLEM_CONTENT_TYPE = "application/problem+json";
