import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { localConfig, withoutAws } from "#lib/config/local.ts";
import { argumentFault } from "./arguments.ts";
import { readEnvFile } from "./env-file.ts";
import { EXIT_CONFIG, EXIT_USAGE, StartError } from "./errors.ts";
import { liveHolder } from "./lock.ts";
import { modeOf } from "./mode.ts";

/**
 * Runs one process of ours alone: `node infra/start/run.ts worker/main.ts`. Against the backends that the environment
 * names, or else against those of the start that runs on this machine.
 */
async function main(): Promise<void> {
  const entry = process.argv[2];
  if (entry === undefined) throw new StartError("Name what to run, for example: node infra/start/run.ts worker/main.ts", { exitCode: EXIT_USAGE });
  const wrong = argumentFault(`npm run ${process.env.npm_lifecycle_event ?? entry}`, process.argv.slice(3));
  if (wrong !== null) throw new StartError(wrong, { exitCode: EXIT_USAGE });
  if (modeOf(process.env) === "local") {
    const { stateDirectory } = localConfig();
    const env = (await liveHolder(resolve(stateDirectory))) === null ? null : await readEnvFile(resolve(stateDirectory));
    if (env === null) {
      throw new StartError(`Nothing runs here yet (no running start in ${stateDirectory}): run npm start in another terminal, or set ACTIVITY_QUEUE_URL and the other backends.`, {
        exitCode: EXIT_CONFIG,
      });
    }
    const kept = withoutAws(process.env);
    for (const name of Object.keys(process.env)) if (!(name in kept)) delete process.env[name];
    Object.assign(process.env, env);
  }
  // The entry is as if it was run directly.
  process.argv.splice(1, 1);
  await import(pathToFileURL(resolve(entry)).href);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
