import { z } from "zod";
import { type Environment, parseEnv } from "#lib/config/parse-env.ts";

const webSchema = z.object({
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).default("http://127.0.0.1:3000"),
  PUBLIC_API_URL: z.url({ protocol: /^https?$/ }).default("http://127.0.0.1:3001"),
});

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
 * @throws ConfigError naming every variable that is wrong.
 */
export function webConfig(env: Environment = process.env): WebConfig {
  const parsed = parseEnv(webSchema, env, EXAMPLES);
  return { publicOrigin: new URL(parsed.PUBLIC_URL).origin, publicApiUrl: parsed.PUBLIC_API_URL.replace(/\/+$/, "") };
}
