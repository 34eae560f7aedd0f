import { z } from "zod";
import { type Environment, parseEnv } from "#lib/config/parse-env.ts";

const address = z.url({ protocol: /^https?$/, error: "must start with http:// or https://" });

const webSchema = z.object({
  PUBLIC_URL: address.default("http://127.0.0.1:3000"),
  PUBLIC_API_URL: address.default("http://127.0.0.1:3001"),
});
/** Away from this machine a guessed PUBLIC_URL would refuse every change made on the page. */
const deployedSchema = webSchema.extend({ PUBLIC_URL: address });

const EXAMPLES = {
  PUBLIC_URL: "https://spillway.example.com",
  PUBLIC_API_URL: "https://ingest.example.com",
};

export interface WebConfig {
  /** Origin that browsers see the dashboard under; requests that change something must come from it. */
  publicOrigin: string;
  /** Where producers send activities, shown on the page. */
  publicApiUrl: string;
}

/**
 * Reads the addresses of the dashboard and of the public API.
 * @param deployed whether the backends are elsewhere; PUBLIC_URL must be given then.
 * @throws ConfigError naming every variable that is missing or wrong.
 */
export function webConfig(env: Environment = process.env, { deployed = false }: { deployed?: boolean } = {}): WebConfig {
  const parsed = parseEnv(deployed ? deployedSchema : webSchema, env, EXAMPLES);
  return { publicOrigin: new URL(parsed.PUBLIC_URL).origin, publicApiUrl: parsed.PUBLIC_API_URL.replace(/\/+$/, "") };
}

/** Whether pages are served as they are being written (`npm run dev`). */
export function isDevelopment(env: Environment = process.env): boolean {
  return env.NODE_ENV === "development";
}
