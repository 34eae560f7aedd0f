import { setTimeout as sleep } from "node:timers/promises";
import { type AuthConfig, authConfig } from "#lib/config/auth.ts";
import { backendConfig } from "#lib/config/backend.ts";
import { jsonLine } from "#lib/contracts/log-line.ts";
import { createAuditLog } from "#lib/gateways/audit-log.ts";
import { openDb } from "#lib/gateways/db.ts";
import { createPeople } from "#lib/gateways/people.ts";
import { createSignInLimits } from "#lib/gateways/sign-in-limits.ts";
import { type BetterAuth, createBetterAuth } from "./better-auth.ts";
import { clientAddress } from "./client-address.ts";
import { createHashingTurns } from "./hashing-turns.ts";
import { peerAddress } from "./peer-address.ts";
import type { SessionContext } from "./session.ts";
import type { Client, SignInContext } from "./sign-in.ts";
import type { SingleSignOnContext } from "./single-sign-on.ts";

/** Longest wait for Postgres, milliseconds. */
const TIMEOUT_MS = 4_000;

export interface AuthServer extends SignInContext {
  config: AuthConfig;
  singleSignOn: SingleSignOnContext;
}

const store = globalThis as typeof globalThis & { spillwayAuth?: AuthServer };

/** One JSON line on stderr. */
function log(level: string, message: string): void {
  process.stderr.write(`${jsonLine({ at: new Date().toISOString(), level, event: "sign_in_library", message })}\n`);
}

function create(): AuthServer {
  const config = authConfig();
  const { databaseUrl, queue } = backendConfig();
  // A pool of its own: who wants to sign in does not wait behind a page's slow queries.
  const db = openDb({ databaseUrl, applicationName: "spillway-web-people", poolSize: 4, statementTimeoutMs: TIMEOUT_MS });
  const auth = createBetterAuth({ db, config, log });
  const people = createPeople({ db });
  const { demoPeople } = config;
  const sessions: SessionContext = { auth, people, demoPeople, now: Date.now };
  const audit = { audit: createAuditLog({ db, queue }) };
  const limits = createSignInLimits({ db });
  let withProvider: BetterAuth | null = null;
  const library = {
    get: () => (withProvider ??= createBetterAuth({ db, config, log, provider: config.oidc })),
    forget: () => {
      withProvider = null;
    },
  };
  return {
    config,
    auth,
    people,
    limits,
    sessions,
    audit,
    hashing: createHashingTurns(),
    demoPeople,
    monotonic: () => performance.now(),
    wait: (milliseconds) => sleep(milliseconds),
    singleSignOn: { config, sessions, people, limits, audit, library },
  };
}

/**
 * What signs people in, once per process; the running server's environment says how.
 * @throws ConfigError naming every fault of it.
 */
export function authServer(): AuthServer {
  return (store.spillwayAuth ??= create());
}

/** Who asks. */
export function clientOf(headers: Headers): Client {
  const { trustedProxies } = authServer().config;
  return { address: clientAddress({ peer: peerAddress(headers), forwardedFor: headers.get("x-forwarded-for"), trustedProxies }), userAgent: headers.get("user-agent") };
}
