import { isIP } from "node:net";
import { z } from "zod";
import { isLoopbackUrl } from "#lib/config/loopback.ts";
import { ConfigError, type Environment, parseEnv } from "#lib/config/parse-env.ts";

const SECRET_CHARACTERS = 32;

/** `10.0.0.0/8`, `192.0.2.7` or `2001:db8::/32`. */
function isNetwork(text: string): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}

const providerUrl = z.url({ protocol: /^https?$/, error: "must start with https://" }).refine((url) => url.startsWith("https://") || isLoopbackUrl(url), {
  error: "must start with https:// (http:// is for this machine only)",
});

const authSchema = z.object({
  AUTH_SECRET: z.string().min(SECRET_CHARACTERS, { error: `must have at least ${SECRET_CHARACTERS} characters` }),
  OIDC_ISSUER: providerUrl.optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  OIDC_NAME: z.string().max(60).default("single sign-on"),
  TRUSTED_PROXIES: z
    .string()
    .default("")
    .transform((text) => text.split(",").map((part) => part.trim()).filter((part) => part !== ""))
    .refine((networks) => networks.every(isNetwork), { error: "must be addresses or networks, with commas between them" }),
  SPILLWAY_DEMO_PEOPLE: z.enum(["on", "off"]).default("off"),
  // What tells whether all of it is on this machine.
  PUBLIC_URL: z.string().default("http://127.0.0.1:3000"),
  DATABASE_URL: z.string().default(""),
  ACTIVITY_QUEUE_URL: z.string().default(""),
});

const EXAMPLES = {
  AUTH_SECRET: "the output of: openssl rand -base64 32",
  OIDC_ISSUER: "https://login.example.com",
  OIDC_CLIENT_ID: "spillway",
  OIDC_CLIENT_SECRET: "the secret that the provider gave",
  OIDC_NAME: "Example Login",
  TRUSTED_PROXIES: "10.0.0.0/8, 192.0.2.7",
  SPILLWAY_DEMO_PEOPLE: "off",
};

/** Where and as whom the single sign-on is done. */
export interface OidcConfig {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** As the button says it: "Sign in with ...". */
  name: string;
}

export interface AuthConfig {
  /** Signs cookies; whoever has it can make sessions valid that stand in the database. */
  secret: string;
  /** Origin that browsers see the dashboard under. */
  publicOrigin: string;
  oidc: OidcConfig | null;
  /** Networks whose X-Forwarded-For is believed. */
  trustedProxies: readonly string[];
  /** Whether the three demo people may sign in without a password. */
  demoPeople: boolean;
}

function beyondTheSchema(env: z.infer<typeof authSchema>): string[] {
  const faults: string[] = [];
  const oidc = ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"] as const;
  if (oidc.some((name) => env[name] !== undefined)) {
    for (const name of oidc) if (env[name] === undefined) faults.push(`${name} is not set (for example ${EXAMPLES[name]}); without single sign-on leave all three out`);
  }
  if (!env.PUBLIC_URL.startsWith("https://") && !isLoopbackUrl(env.PUBLIC_URL)) {
    faults.push("PUBLIC_URL is wrong: must start with https://, since people sign in there (http:// is for this machine only)");
  }
  if (env.SPILLWAY_DEMO_PEOPLE === "on" && ![env.PUBLIC_URL, env.DATABASE_URL, env.ACTIVITY_QUEUE_URL].every(isLoopbackUrl)) {
    faults.push("SPILLWAY_DEMO_PEOPLE is wrong: demo people exist only where dashboard, database and queue are all on this machine; leave it out");
  }
  return faults;
}

/**
 * Reads how people sign in.
 * @throws ConfigError naming every variable that is missing or wrong.
 */
export function authConfig(env: Environment = process.env): AuthConfig {
  const parsed = parseEnv(authSchema, env, EXAMPLES);
  const faults = beyondTheSchema(parsed);
  if (faults.length > 0) throw new ConfigError(faults);
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret } = parsed;
  return {
    secret: parsed.AUTH_SECRET,
    publicOrigin: new URL(parsed.PUBLIC_URL).origin,
    oidc: issuer !== undefined && clientId !== undefined && clientSecret !== undefined ? { issuer, clientId, clientSecret, name: parsed.OIDC_NAME } : null,
    trustedProxies: parsed.TRUSTED_PROXIES,
    demoPeople: parsed.SPILLWAY_DEMO_PEOPLE === "on",
  };
}
