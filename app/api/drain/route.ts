import { currentDrain, drainChanged, drainStore } from "#app/server/overview.ts";
import { drainChangeRequestSchema } from "#lib/contracts/drain.ts";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";
import { changeDrain } from "#lib/services/drain/change.ts";

/** Who acts, for as long as nobody signs in. */
const OPERATOR = "operator";

export const GET = defineRoute({ output: drainAnswerSchema, call: async () => ({ drain: await currentDrain() }) });

export const POST = defineRoute({
  body: drainChangeRequestSchema,
  output: drainAnswerSchema,
  async call({ body }) {
    const { outcome, drain } = await changeDrain({ ctx: { drain: drainStore() }, input: { ...body, actor: OPERATOR } });
    drainChanged();
    if (outcome === "changed") return { drain };
    throw new HttpProblem({
      status: 409,
      code: "drain_changed",
      title: "Somebody else changed the drain rate first",
      detail: `${drain.changedBy} set it to ${drain.rateWcuPerSecond} WCU/s. Look at it, then apply again.`,
      extensions: { drain },
    });
  },
});
