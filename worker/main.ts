import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { backendConfig } from "#lib/config/backend.ts";
import { ConfigError } from "#lib/config/parse-env.ts";
import { sinksConfig } from "#lib/config/sinks.ts";
import { workerConfig } from "#lib/config/worker.ts";
import { workerHealthConfig } from "#lib/config/worker-health.ts";
import { errorText, logLine, type WorkerEvent } from "./events.ts";
import { stopSignal } from "./signals.ts";
import { runWorker } from "./worker.ts";

/** sysexits.h: something was found in an unconfigured or misconfigured state. */
const EXIT_CONFIG = 78;
/** sysexits.h: internal software error. Receiving had stopped for good. */
const EXIT_WEDGED = 70;

function version(): string {
  const { version: text } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return text;
}

async function main(): Promise<void> {
  const config = workerConfig();
  const backend = backendConfig();
  const sinks = sinksConfig();
  const health = workerHealthConfig();
  const log = (event: WorkerEvent) => {
    const line = logLine(event, { atMs: Date.now(), logLevel: config.logLevel });
    if (line !== null) process.stdout.write(`${line}\n`);
  };
  const stop = stopSignal(process);
  // What nobody caught leaves the process in a state nobody knows: it ends, and the start brings up a new one.
  process.on("uncaughtException", (thrown) => {
    log({ event: "fault", where: "process", error: thrown instanceof Error ? (thrown.stack ?? errorText(thrown)) : errorText(thrown) });
    process.exit(1);
  });
  const host = hostname();
  const id = `${host}-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  const identity = { id, host, pid: process.pid, version: version() };
  await runWorker({ backend, config, sinks, health, identity, stop, log, onWedged: () => process.exit(EXIT_WEDGED) });
}

try {
  await main();
  process.exit(0);
} catch (thrown) {
  if (!(thrown instanceof ConfigError)) throw thrown;
  process.stderr.write(`${thrown.message}\n`);
  process.exit(EXIT_CONFIG);
}
