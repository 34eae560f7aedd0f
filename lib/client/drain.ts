import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "#lib/client/api-error.ts";
import { apiFetch } from "#lib/client/fetch.ts";
import { overviewQuery } from "#lib/client/overview.ts";
import { type Drain, type DrainChangeRequest, drainSchema } from "#lib/contracts/drain.ts";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";

/** What came of an Apply. A conflict is an outcome and not a failure: nothing was changed, and the present dial is known. */
export type DrainChangeResult = { outcome: "changed"; drain: Drain } | { outcome: "conflict"; drain: Drain };

/** @throws ApiError for all but a conflict. */
export async function applyDrainRate(change: DrainChangeRequest): Promise<DrainChangeResult> {
  try {
    const { drain } = await apiFetch({ path: "/api/drain", body: change, schema: drainAnswerSchema });
    return { outcome: "changed", drain };
  } catch (error) {
    if (error instanceof ApiError && error.code === "drain_changed") {
      const current = drainSchema.safeParse(error.problem?.drain);
      if (current.success) return { outcome: "conflict", drain: current.data };
    }
    throw error;
  }
}

/** Applies a rate and puts the answer where the page reads the dial from, so that it does not wait for the next poll. */
export function useApplyDrainRate() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: applyDrainRate,
    async onSuccess({ drain }) {
      // A poll under way may still carry the dial of before.
      await client.cancelQueries({ queryKey: overviewQuery.queryKey });
      client.setQueryData(overviewQuery.queryKey, (known) =>
        known && known.dial.state !== "error" ? { ...known, dial: { ...known.dial, value: drain } } : known,
      );
      void client.invalidateQueries({ queryKey: overviewQuery.queryKey });
      void client.invalidateQueries({ queryKey: ["overview-history"] });
    },
  });
}
