import { z } from "zod";

const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text).toISOString())
  .optional()
  .catch(undefined);

/** What the address of the activity page holds: the range only, for a user id is personal data. A fault is left out. */
export const activitySearchParamsSchema = z.object({ from: instant, to: instant });
