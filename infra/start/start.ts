import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { authConfig } from "#lib/config/auth.ts";
import { backendConfig } from "#lib/config/backend.ts";
import { LOCAL_NAMES, localConfig, withoutAws } from "#lib/config/local.ts";
import { ConfigError, type Environment } from "#lib/config/parse-env.ts";
import { publicApiConfig } from "#lib/config/public-api.ts";
import { sinksConfig } from "#lib/config/sinks.ts";
import { webConfig } from "#lib/config/web.ts";
import { workerConfig } from "#lib/config/worker.ts";
import { workerHealthConfig } from "#lib/config/worker-health.ts";
import { ensureBuild, webArguments } from "./build.ts";
import { removeEnvFile, writeEnvFile } from "./env-file.ts";
import { EXIT_CONFIG, StartError } from "./errors.ts";
import { preparePorts, startLocalBackends } from "./local-backends.ts";
import { ensureLocalKey, localKeyFile } from "./local-key.ts";
import { ensureLocalSecret } from "./local-secret.ts";
import { takeLock } from "./lock.ts";
import { openLogFile } from "./log-file.ts";
import { checkEnvironment, modeOf } from "./mode.ts";
import { WORKER_NODE_OPTIONS } from "./node-options.ts";
import { panel } from "./panel.ts";
import { checkPorts } from "./ports.ts";
import { answersOk, keepProcess, saysReady } from "./processes.ts";
import { releasers } from "./releasers.ts";

/** Compiling a page for the first time takes longer than serving it. */
const DEV_PAGE_DEADLINE_MS = 120_000;

/** A spike takes all of the processor that it gets: on a machine that also serves the operator's page, that goes first. */
const API_YIELDS_BY = 5;

export interface Started {
  /** Stops everything in reverse order. */
  close(): Promise<void>;
}

/**
 * What the processes get of the environment: never the login that owns the tables, which is for migrations; and demo
 * people only by our own word, where all of it is on this machine.
 */
function definedOf({ DATABASE_MIGRATE_URL: _owner, SPILLWAY_DEMO_PEOPLE: _demo, ...env }: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** What signs people in is the web app's alone. */
function withoutSignIn({ AUTH_SECRET: _secret, OIDC_CLIENT_SECRET: _client, ...env }: Record<string, string>): Record<string, string> {
  return env;
}

function readLocalConfig(env: Environment) {
  try {
    return localConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) throw new StartError(error.message, { exitCode: EXIT_CONFIG, cause: error });
    throw error;
  }
}

/** Makes the state folder and takes its lock. @throws StartError when it is held, or cannot be written. */
async function holdFolder(stateDirectory: string) {
  try {
    await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
    return await takeLock(stateDirectory);
  } catch (error) {
    if (error instanceof StartError) throw error;
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new StartError(`The state folder ${stateDirectory} cannot be written (${why}): if another user's start made it, remove it as that user, or set SPILLWAY_STATE_DIR to another folder.`, {
      cause: error,
    });
  }
}

/**
 * Composition root of `npm start` and `npm run dev`: backends (on this machine, or those the environment names), the
 * web app, the public API and one worker, each kept alive.
 *
 * @param signal ends a start that is under way.
 * @throws StartError that says what to do; nothing is left running then.
 */
export async function start({
  root,
  env,
  dev,
  tell: say,
  signal,
}: {
  root: string;
  env: Environment;
  dev: boolean;
  tell: (line: string) => void;
  signal: AbortSignal;
}): Promise<Started> {
  const startedAt = performance.now();
  // Deaths are no news once everything is being stopped.
  const tell = (line: string): void => {
    if (!signal.aborted) say(line);
  };
  const mode = modeOf(env);
  const config = readLocalConfig(env);
  const { ports } = config;
  const stateDirectory = resolve(config.stateDirectory);
  const dashboardUrl = `http://${LOCAL_NAMES.host}:${ports.dashboard.port}`;
  const release = releasers();

  try {
    if (mode === "external") {
      const ofWorkers = [() => workerConfig(env), () => sinksConfig(env), () => workerHealthConfig(env)];
      checkEnvironment([() => backendConfig(env), () => webConfig(env, { deployed: true }), () => authConfig(definedOf(env)), () => publicApiConfig(env), ...ofWorkers]);
    }
    const lock = await holdFolder(stateDirectory);
    release.push(() => lock.release());
    const { tookOver } = lock;
    if (mode === "local") await preparePorts({ config, stateDirectory, tookOver });
    else await checkPorts([ports.dashboard]);

    const base = mode === "local" ? withoutAws(definedOf(env)) : definedOf(env);
    const building = dev ? Promise.resolve("fresh") : ensureBuild({ root, env: base, log: openLogFile(join(stateDirectory, "logs", "build.log")), tell });
    // Its fault is met below; until then it must not count as unhandled.
    building.catch(() => undefined);
    let full = base;
    let ofPeople: Record<string, string> = {};
    if (mode === "local") {
      const places = await startLocalBackends({ config, stateDirectory, root, env, tookOver, release, tell });
      const publicApiUrl = `http://${LOCAL_NAMES.host}:${ports.publicApi.port}`;
      const shared = { PUBLIC_URL: dashboardUrl, PUBLIC_API_URL: publicApiUrl, ...places };
      const { databaseUrl, queue } = backendConfig(places);
      await ensureLocalKey({ databaseUrl, queue, stateDirectory });
      await writeEnvFile(stateDirectory, shared);
      release.push(() => removeEnvFile(stateDirectory));
      ofPeople = { AUTH_SECRET: await ensureLocalSecret(stateDirectory), SPILLWAY_DEMO_PEOPLE: "on" };
      full = { ...base, ...shared, PUBLIC_API_HOST: LOCAL_NAMES.host, PUBLIC_API_PORT: String(ports.publicApi.port) };
      checkEnvironment([() => webConfig(full), () => publicApiConfig(full), () => workerConfig(full), () => authConfig({ ...full, ...ofPeople })]);
    }
    signal.throwIfAborted();
    await building;
    signal.throwIfAborted();

    if (dev) tell("compiling the first page ...");
    const nodeEnv = { ...full, NODE_ENV: dev ? "development" : "production", NEXT_TELEMETRY_DISABLED: "1" };
    const ours = { root, stateDirectory, tell, env: withoutSignIn(nodeEnv) };
    const watch = dev ? ["--watch", "--watch-preserve-output"] : [];
    const started = await Promise.allSettled([
      keepProcess({
        ...ours,
        env: { ...nodeEnv, ...ofPeople },
        name: "the web app",
        file: "web",
        args: webArguments(root, { dev, host: LOCAL_NAMES.host, port: ports.dashboard.port }),
        ready: answersOk(`${dashboardUrl}/sign-in`, dev ? { deadlineMs: DEV_PAGE_DEADLINE_MS } : {}),
      }),
      keepProcess({ ...ours, name: "the public API", file: "public-api", args: [...watch, join(root, "public-api", "main.ts")], ready: saysReady, yieldsBy: API_YIELDS_BY }),
      keepProcess({ ...ours, name: "the worker", file: "worker", args: [...watch, ...WORKER_NODE_OPTIONS, join(root, "worker", "main.ts")], ready: saysReady }),
    ]);
    for (const outcome of started) if (outcome.status === "fulfilled") release.add(outcome.value);
    for (const outcome of started) if (outcome.status === "rejected") throw outcome.reason;
    signal.throwIfAborted();

    const backends = mode === "local" ? "on this machine" : `queue ${backendConfig(env).queueUrl}`;
    tell(panel({ dashboardUrl, publicApiUrl: webConfig(full).publicApiUrl, apiKeyFile: mode === "local" ? localKeyFile(stateDirectory) : null, demoPeople: mode === "local", stateDirectory, backends, tookMs: performance.now() - startedAt, dev }));
  } catch (error) {
    await release.run().catch(() => undefined);
    throw error;
  }
  return { close: () => release.run() };
}
