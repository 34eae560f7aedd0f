import { z } from "zod";
import { idParamsSchema } from "#app/dead-letters/params.ts";
import { auditContext } from "#app/server/audit.ts";
import { ledger } from "#app/server/dead-letters.ts";
import { revealedBodySchema } from "#lib/contracts/dead-letters.ts";
import { defineRoute } from "#lib/http/define-route.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";
import { audited } from "#lib/services/audit/audited.ts";
import { reveal } from "#lib/services/dead-letters/reveal.ts";

/** The body of a dead letter, for whoever asks for that one: no body leaves that the audit log does not tell of. */
export const POST = defineRoute({
  permission: "dead_letters:reveal",
  params: idParamsSchema,
  body: z.strictObject({}),
  output: revealedBodySchema,
  async call({ allowed, params }) {
    const revealed = await audited(
      {
        ctx: auditContext(),
        actor: allowed.actor,
        action: "dead_letter.reveal",
        target: params.id,
        outcome: (found) => (found === null ? { outcome: "refused", error: "there is no such dead letter" } : "done"),
      },
      () => reveal({ ctx: { ledger: ledger() }, by: allowed, input: params }),
    );
    if (revealed === null) throw new HttpProblem({ status: 404, code: "not_found", title: "There is no such dead letter" });
    return revealed;
  },
});
