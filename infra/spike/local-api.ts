import { resolve } from "node:path";
import { readEnvFile } from "#infra/start/env-file.ts";
import { readLocalKey } from "#infra/start/local-key.ts";
import { localConfig } from "#lib/config/local.ts";
import type { Environment } from "#lib/config/parse-env.ts";
import { DEFAULT_URL } from "./options.ts";

interface LocalApi {
  url: string;
  /** null where no start runs here. */
  apiKey: string | null;
}

async function runningHere(env: Environment): Promise<LocalApi | null> {
  try {
    const stateDirectory = resolve(localConfig(env).stateDirectory);
    const running = await readEnvFile(stateDirectory);
    const url = running?.PUBLIC_API_URL;
    return url === undefined ? null : { url, apiKey: await readLocalKey(stateDirectory) };
  } catch {
    return null;
  }
}

/** Where the public API is when nobody says: the environment's, that of the start that runs here, or the usual one. */
export async function localApiUrl(env: Environment): Promise<string> {
  return env.PUBLIC_API_URL || (await runningHere(env))?.url || DEFAULT_URL;
}

/** The key to send there: the environment's, or that of the start which runs here, to itself alone. */
export async function apiKeyFor(url: string, env: Environment): Promise<string | null> {
  if (env.SPILLWAY_API_KEY) return env.SPILLWAY_API_KEY;
  const here = await runningHere(env);
  return here?.url === url ? here.apiKey : null;
}
