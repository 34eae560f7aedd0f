import { z } from "zod";
import { deathStatusSchema } from "#lib/contracts/dead-letters.ts";

const viewSchema = z.object({
  status: z.union([deathStatusSchema, z.literal("all")]).catch("open"),
  death: z.uuid().nullable().catch(null),
  run: z.uuid().nullable().catch(null),
});

/** What the address of the page holds: never a user id. */
export type DeadLettersView = z.infer<typeof viewSchema>;

/** Reads the address; what it does not know falls back to the plain page. */
export function readView(parameters: { get(name: string): string | null }): DeadLettersView {
  return viewSchema.parse({ status: parameters.get("status"), death: parameters.get("death"), run: parameters.get("run") });
}

/** Address of a view, without what is plain. */
export function addressOfView({ status, death, run }: DeadLettersView): string {
  const parameters = new URLSearchParams();
  if (status !== "open") parameters.set("status", status);
  if (run !== null) parameters.set("run", run);
  if (death !== null) parameters.set("death", death);
  return parameters.size === 0 ? "/dead-letters" : `/dead-letters?${parameters.toString()}`;
}
