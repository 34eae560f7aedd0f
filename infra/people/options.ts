import { parseArgs } from "node:util";
import type { ParsedScript } from "#infra/start/script.ts";
import { roleSchema } from "#lib/contracts/actor.ts";
import { type InviteRequest, inviteRequestSchema, SESSION_LIMITS } from "#lib/contracts/people.ts";

export const USAGE = `Usage: npm run user:create -- --email ADDRESS --name NAME [--role ROLE]

Adds a person and prints a link with which they set their password. It works once, for ${SESSION_LIMITS.linkHours} hours. For somebody who
is there already it makes a new link, and leaves role and name as they are.

  --email ADDRESS   what they sign in with
  --name NAME       what people call them
  --role ROLE       ${roleSchema.options.join(", ")} (admin)
  --help            this text

Ends with 0 when there is a link, 1 when not, 64 for a wrong option.
`;

const FAULTS: Readonly<Record<string, string>> = {
  email: "--email must be an e-mail address",
  name: "--name must say what people call them, in at most 100 characters",
  role: `--role must be one of ${roleSchema.options.join(", ")}`,
};

/** Reads the command line of `npm run user:create`. */
export function parseUserOptions(args: readonly string[]): ParsedScript<InviteRequest> {
  try {
    const { values } = parseArgs({ args: [...args], options: { email: { type: "string" }, name: { type: "string" }, role: { type: "string", default: "admin" }, help: { type: "boolean", default: false } } });
    if (values.help) return { kind: "help" };
    const parsed = inviteRequestSchema.safeParse(values);
    if (parsed.success) return { kind: "run", options: parsed.data };
    return { kind: "wrong", message: FAULTS[String(parsed.error.issues[0]?.path[0])] ?? "the options are wrong" };
  } catch (cause) {
    return { kind: "wrong", message: cause instanceof Error ? (cause.message.split("\n", 1)[0] ?? cause.message) : String(cause) };
  }
}
