import { BACKEND_VARIABLES } from "#lib/config/backend.ts";
import { ConfigError, type Environment } from "#lib/config/parse-env.ts";
import { EXIT_CONFIG, StartError } from "./errors.ts";

/** `local`: everything on this machine. `external`: the backends that the environment names. */
export type Mode = "local" | "external";

const SWITCH = "ACTIVITY_QUEUE_URL";
/** Often set in a shell for other work, so alone it means nothing. */
const AMBIENT = "AWS_REGION";

/**
 * Decides by the environment; ACTIVITY_QUEUE_URL is the switch.
 * @throws StartError when other backends are named and the queue is not.
 */
export function modeOf(env: Environment): Mode {
  if (env[SWITCH]) return "external";
  const halfSet = BACKEND_VARIABLES.filter((name) => name !== SWITCH && name !== AMBIENT && env[name]);
  if (halfSet.length === 0) return "local";
  throw new StartError(
    `The environment is half set: ${halfSet.join(", ")} without ${SWITCH}. Set ${SWITCH} to run against those backends, or unset ${halfSet.join(", ")} to run everything on this machine.`,
    { exitCode: EXIT_CONFIG },
  );
}

/**
 * Runs every owner's check of the environment and joins their faults.
 * @throws StartError that names every fault once.
 */
export function checkEnvironment(checks: readonly (() => unknown)[]): void {
  const faults = new Set<string>();
  for (const check of checks) {
    try {
      check();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const fault of error.faults) faults.add(fault);
    }
  }
  if (faults.size > 0) throw new StartError(new ConfigError([...faults]).message, { exitCode: EXIT_CONFIG });
}
