import { resolve } from "node:path";
import { localConfig, withoutAws } from "#lib/config/local.ts";
import type { Environment } from "#lib/config/parse-env.ts";
import { readEnvFile } from "./env-file.ts";
import { EXIT_CONFIG, StartError } from "./errors.ts";
import { liveHolder } from "./lock.ts";
import { modeOf } from "./mode.ts";

/**
 * The environment of one process of ours alone: as given where it names backends, or else with those of the start that
 * runs on this machine.
 * @throws StartError when none runs, or the environment is half set.
 */
export async function processEnvironment(environment: Environment): Promise<Environment> {
  // The login that owns the tables is for migrations: no process of ours is given it.
  const { DATABASE_MIGRATE_URL: _owner, ...given } = environment;
  if (modeOf(given) === "external") return given;
  const { stateDirectory } = localConfig(given);
  const env = (await liveHolder(resolve(stateDirectory))) === null ? null : await readEnvFile(resolve(stateDirectory));
  if (env === null) {
    throw new StartError(`Nothing runs here yet (no running start in ${stateDirectory}): run npm start in another terminal, or set ACTIVITY_QUEUE_URL and the other backends.`, {
      exitCode: EXIT_CONFIG,
    });
  }
  return { ...withoutAws(given), ...env };
}
