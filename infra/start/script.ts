import { userInfo } from "node:os";
import { ConfigError } from "#lib/config/parse-env.ts";
import { AuditUnavailable } from "#lib/gateways/audit-log.ts";
import { EXIT_CONFIG, EXIT_USAGE, StartError } from "./errors.ts";

/** What a script's command line asks for. */
export type ParsedScript<Options> = { kind: "run"; options: Options } | { kind: "help" } | { kind: "wrong"; message: string };

/** Who runs this script, for the audit log. */
export function scriptUser(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown user";
  }
}

/** @returns what a person is told instead of a stack, or null. */
function faultOf(error: unknown, undone: string): { message: string; exitCode: number } | null {
  if (error instanceof StartError) return { message: error.message, exitCode: error.exitCode };
  if (error instanceof ConfigError) return { message: error.message, exitCode: EXIT_CONFIG };
  if (error instanceof AuditUnavailable) return { message: `${undone}: the audit log in Postgres cannot be written. Is the database there and migrated?`, exitCode: 1 };
  return null;
}

/**
 * Does what a script's command line asks for.
 *
 * @param script its name among the npm scripts.
 * @param undone what is so when it could not act, such as "No key was made".
 * @returns the exit code: that of `run`, 64 for a wrong option, 78 for a wrong environment.
 * @throws what no person could have expected.
 */
export async function runScript<Options>({
  script,
  usage,
  undone,
  parsed,
  run,
}: {
  script: string;
  usage: string;
  undone: string;
  parsed: ParsedScript<Options>;
  run: (options: Options) => Promise<number>;
}): Promise<number> {
  if (parsed.kind === "help") {
    console.log(usage);
    return 0;
  }
  if (parsed.kind === "wrong") {
    console.error(`${parsed.message} (npm run ${script} -- --help tells more)`);
    return EXIT_USAGE;
  }
  try {
    return await run(parsed.options);
  } catch (error) {
    const fault = faultOf(error, undone);
    if (fault === null) throw error;
    console.error(fault.message);
    return fault.exitCode;
  }
}
