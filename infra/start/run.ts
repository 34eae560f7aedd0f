import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { localConfig, withoutAws } from "#lib/config/local.ts";
import { readEnvFile } from "./env-file.ts";
import { EXIT_CONFIG, StartError } from "./errors.ts";
import { liveHolder } from "./lock.ts";
import { modeOf } from "./mode.ts";

/**
 * Runs one process of ours alone: `node infra/start/run.ts worker/main.ts`. Against the backends that the environment
 * names, or else against those of the start that runs on this machine.
 */
async function main(): Promise<void> {
  const entry = process.argv[2];
  if (entry === undefined) throw new StartError("Name what to run, for example: node infra/start/run.ts worker/main.ts", { exitCode: 64 });
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
  // The entry sees its own arguments, as when it is run directly.
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
