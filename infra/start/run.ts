import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { argumentFault } from "./arguments.ts";
import { EXIT_USAGE, StartError } from "./errors.ts";
import { processEnvironment } from "./process-environment.ts";

/**
 * Runs one process of ours alone: `node infra/start/run.ts worker/main.ts`. Against the backends that the environment
 * names, or else against those of the start that runs on this machine.
 */
async function main(): Promise<void> {
  const entry = process.argv[2];
  if (entry === undefined) throw new StartError("Name what to run, for example: node infra/start/run.ts worker/main.ts", { exitCode: EXIT_USAGE });
  const wrong = argumentFault(`npm run ${process.env.npm_lifecycle_event ?? entry}`, process.argv.slice(3));
  if (wrong !== null) throw new StartError(wrong, { exitCode: EXIT_USAGE });
  const env = await processEnvironment(process.env);
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
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
