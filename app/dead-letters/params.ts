import { z } from "zod";

/** Path of one death or one run. */
export const idParamsSchema = z.object({ id: z.uuid() });
