import { betterAuth } from "better-auth/minimal";
import { prismaAdapter } from "better-auth/adapters/prisma";
import { APIError, createAuthEndpoint } from "better-auth/api";
import { setSessionCookie } from "better-auth/cookies";
import { genericOAuth } from "better-auth/plugins/generic-oauth";
import { z } from "zod";
import type { AuthConfig, OidcConfig } from "#lib/config/auth.ts";
import { PASSWORD_CHARACTERS, SESSION_LIMITS } from "#lib/contracts/people.ts";
import type { Db } from "#lib/gateways/db.ts";

/** Header in which lib/auth hands the client's address to the hooks below. */
export const CLIENT_HEADER = "x-spillway-client";
/** The one provider of the single sign-on. */
export const PROVIDER = "oidc";
/** Path of the one endpoint of the library that is served as it is: where a provider sends people back to. */
export const AUTH_BASE_PATH = "/api/auth";

const HOUR_SECONDS = 3_600;
const USER_AGENT_CHARACTERS = 300;

/**
 * Over https the browser itself refuses a session cookie that another host or a plain connection has set (`__Host-`).
 * On loopback, which is plain http, not every browser takes such a cookie, so there it has a plain name.
 */
function cookie(publicOrigin: string, name: string) {
  const secure = publicOrigin.startsWith("https://");
  return { name: `${secure ? "__Host-" : ""}spillway.${name}`, attributes: { secure, httpOnly: true, sameSite: "lax" as const, path: "/" } };
}

/** The Set-Cookie header that takes the session's cookie away. */
export function endedCookie(publicOrigin: string): string {
  const { name, attributes } = cookie(publicOrigin, "session");
  return `${name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax${attributes.secure ? "; Secure" : ""}`;
}

/** A browser's name for itself, in bounds and without control characters. */
function userAgentOf(headers: Headers | null | undefined): string | null {
  return headers?.get("user-agent")?.replaceAll(/\p{Cc}/gu, " ").slice(0, USER_AGENT_CHARACTERS) || null;
}

/** Signs in whom our own code names; has no address of its own, so no request reaches it. */
const demoSignIn = {
  id: "demo-people",
  endpoints: {
    signInDemo: createAuthEndpoint({ method: "POST", body: z.object({ personId: z.uuid() }) }, async (ctx) => {
      const user = await ctx.context.internalAdapter.findUserById(ctx.body.personId);
      if (!user || (user as { demo?: unknown }).demo !== true) throw new APIError("UNAUTHORIZED");
      const session = await ctx.context.internalAdapter.createSession(user.id);
      if (!session) throw new APIError("UNAUTHORIZED");
      await setSessionCookie(ctx, { session, user });
      return { userId: user.id };
    }),
  },
};

function singleSignOnPlugin({ issuer, clientId, clientSecret }: OidcConfig) {
  return [
    genericOAuth({
      config: [
        {
          providerId: PROVIDER,
          clientId,
          clientSecret,
          discoveryUrl: `${issuer.replace(/\/+$/, "")}/.well-known/openid-configuration`,
          scopes: ["openid", "email", "profile"],
          pkce: true,
          // The token's signature, issuer, audience and nonce are checked, or nobody comes in.
          requireIdTokenVerification: true,
          disableSignUp: true,
          disableProviderLogout: true,
        },
      ],
    }),
  ];
}

const NO_TOKENS = { accessToken: null, refreshToken: null, idToken: null, accessTokenExpiresAt: null, refreshTokenExpiresAt: null, scope: null };

export type BetterAuth = ReturnType<typeof createBetterAuth>;

/**
 * The library, with what it leaves open by default closed: nobody signs up, it sends no mail and no telemetry, keeps no
 * tokens, caches no session in a cookie and believes no forwarded header. Its limits are off, since ours count in
 * Postgres and by an address that cannot be forged. Its own routes are not served, but for the way back from a provider.
 */
export function createBetterAuth({
  db,
  config,
  log,
  provider = null,
}: {
  db: Db;
  config: AuthConfig;
  log: (level: string, message: string) => void;
  /** The single sign-on. With one, every call first waits for what the provider says of itself, without a time limit. */
  provider?: OidcConfig | null;
}) {
  const session = cookie(config.publicOrigin, "session");
  const state = cookie(config.publicOrigin, "sign-on");
  return betterAuth({
    appName: "Spillway",
    baseURL: config.publicOrigin,
    basePath: AUTH_BASE_PATH,
    secret: config.secret,
    trustedOrigins: [],
    database: prismaAdapter(db, { provider: "postgresql", transaction: true }),
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    // Details may name a person or hold what a provider sent: the event and its kind are enough.
    logger: { log: (level, message) => log(level, message.split("\n")[0] ?? "") },
    onAPIError: { errorURL: "/sign-in" },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: PASSWORD_CHARACTERS.least,
      maxPasswordLength: PASSWORD_CHARACTERS.most,
    },
    user: {
      modelName: "person",
      additionalFields: {
        role: { type: "string", required: true, input: false },
        demo: { type: "boolean", required: true, input: false },
        disabledAt: { type: "date", required: false, input: false },
      },
      /** Also for those who came before: what the provider says now counts. */
      validateUserInfo: ({ user, source }) => (source.method === "oauth" && user.emailVerified !== true ? { error: "email_not_verified" } : undefined),
      changeEmail: { enabled: false },
      deleteUser: { enabled: false },
    },
    session: {
      modelName: "personSession",
      // The absolute limit. The idle limit is ours (session.ts): the library's moves the end at every use.
      expiresIn: SESSION_LIMITS.absoluteHours * HOUR_SECONDS,
      disableSessionRefresh: true,
      cookieCache: { enabled: false },
      additionalFields: { lastSeenAt: { type: "date", required: false, input: false } },
    },
    account: {
      modelName: "signInAccount",
      updateAccountOnSignIn: false,
      storeAccountCookie: false,
      accountLinking: { enabled: true, trustedProviders: [], allowDifferentEmails: false, updateUserInfoOnLink: false },
    },
    verification: { modelName: "signInVerification" },
    databaseHooks: {
      account: {
        create: {
          before: async (account) => {
            // Known by one subject only: another one with the same e-mail may be whoever was given the address next.
            const known = await db.signInAccount.findFirst({ where: { userId: account.userId, providerId: account.providerId }, select: { id: true } });
            return known === null ? { data: { ...account, ...NO_TOKENS } } : false;
          },
        },
        update: { before: async (account) => ({ data: { ...account, ...NO_TOKENS } }) },
      },
      session: {
        create: {
          before: async (made, ctx) => {
            const person = await db.person.findUnique({ where: { id: made.userId }, select: { disabledAt: true, demo: true } });
            if (person === null || person.disabledAt !== null || (person.demo && !config.demoPeople)) return false;
            return { data: { ...made, ipAddress: ctx?.headers?.get(CLIENT_HEADER) ?? null, userAgent: userAgentOf(ctx?.headers) } };
          },
        },
      },
    },
    advanced: {
      // The prefix is part of the names below: the library's own would be the weaker __Secure-.
      useSecureCookies: false,
      cookiePrefix: "spillway",
      cookies: { session_token: session, state },
      defaultCookieAttributes: { secure: session.attributes.secure, httpOnly: true, sameSite: "lax", path: "/" },
      database: { generateId: "uuid" },
      ipAddress: { disableIpTracking: true },
      trustedProxyHeaders: false,
    },
    plugins: [demoSignIn, ...(provider === null ? [] : singleSignOnPlugin(provider))],
  });
}
