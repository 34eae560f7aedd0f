import { z } from "zod";

/** Path of one person. */
export const personParamsSchema = z.object({ id: z.uuid() });
