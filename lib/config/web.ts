import { z } from "zod";
import { type Environment, parseEnv } from "#lib/config/parse-env.ts";

const address = z.url({ protocol: /^https?$/, error: "must start with http:// or https://" });

const CONTACT_SCHEMES = /^(https:\/\/|mailto:|tel:)[\x21-\x7e]+$/;

/** An address of a contact as RFC 9116 wants it: a plain e-mail address becomes a `mailto:` one. */
const contact = z
  .string()
  .max(1_000)
  .transform((text) => (z.email().safeParse(text).success ? `mailto:${text}` : text))
  .refine((text) => CONTACT_SCHEMES.test(text), { error: "must be an e-mail address, or start with https://, mailto: or tel:" });

const webSchema = z.object({
  PUBLIC_URL: address.default("http://127.0.0.1:3000"),
  PUBLIC_API_URL: address.default("http://127.0.0.1:3001"),
  SECURITY_CONTACT: contact.optional(),
});
/** Away from this machine a guessed PUBLIC_URL would refuse every change made on the page. */
const deployedSchema = webSchema.extend({ PUBLIC_URL: address });

const EXAMPLES = {
  PUBLIC_URL: "https://spillway.example.com",
  PUBLIC_API_URL: "https://ingest.example.com",
  SECURITY_CONTACT: "security@example.com",
};

export interface WebConfig {
  /** Origin that browsers see the dashboard under; requests that change something must come from it. */
  publicOrigin: string;
  /** Where producers send activities, shown on the page. */
  publicApiUrl: string;
  /** Whom to tell of a hole in this deployment, as an address; null where the operator has not said. */
  securityContact: string | null;
}

/**
 * Reads the addresses of the dashboard and of the public API.
 * @param deployed whether the backends are elsewhere; PUBLIC_URL must be given then.
 * @throws ConfigError naming every variable that is missing or wrong.
 */
export function webConfig(env: Environment = process.env, { deployed = false }: { deployed?: boolean } = {}): WebConfig {
  const parsed = parseEnv(deployed ? deployedSchema : webSchema, env, EXAMPLES);
  return { publicOrigin: new URL(parsed.PUBLIC_URL).origin, publicApiUrl: parsed.PUBLIC_API_URL.replace(/\/+$/, ""), securityContact: parsed.SECURITY_CONTACT ?? null };
}

/** Whether pages are served as they are being written (`npm run dev`). */
export function isDevelopment(env: Environment = process.env): boolean {
  return env.NODE_ENV === "development";
}
