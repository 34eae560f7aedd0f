import { resolve } from "node:path";
import { readEnvFile } from "#infra/start/env-file.ts";
import { localConfig } from "#lib/config/local.ts";
import type { Environment } from "#lib/config/parse-env.ts";
import { DEFAULT_URL } from "./options.ts";

/** Where the public API is when nobody says: the environment's, that of the start that runs here, or the usual one. */
export async function localApiUrl(env: Environment): Promise<string> {
  if (env.PUBLIC_API_URL) return env.PUBLIC_API_URL;
  try {
    const running = await readEnvFile(resolve(localConfig(env).stateDirectory));
    return running?.PUBLIC_API_URL ?? DEFAULT_URL;
  } catch {
    return DEFAULT_URL;
  }
}
