import { isAPIError } from "better-auth/api";
import type { AuthConfig } from "#lib/config/auth.ts";
import { type AuditContext, audited } from "#lib/services/audit/audited.ts";
import { AUTH_BASE_PATH, type BetterAuth, PROVIDER } from "./better-auth.ts";
import { type Client, headersOf, nobody, type SignInContext, signedInBy } from "./sign-in.ts";

/** Longest wait for the provider, all its calls together. */
const PROVIDER_TIMEOUT_MS = 10_000;
/** What a provider may send back; all else is dropped. */
const CALLBACK_PARAMETERS = ["code", "state", "error", "iss"] as const;
const PARAMETER_CHARACTERS = 4_096;

/** Why a person came back from the provider without a session, as the sign-in page says it. */
export type SingleSignOnProblem = "not_invited" | "email_not_verified" | "single_sign_on_failed" | "single_sign_on_away";

/** The library's words for a person whom nobody has invited, or who was disabled. */
const NOT_INVITED = new Set(["signup_disabled", "unable_to_create_session"]);
/** Our people's e-mails are their own: to link, only the provider's word can be missing. */
const NOT_VERIFIED = new Set(["email_not_verified", "account_not_linked"]);

/** The provider did not answer in time, or is not the one that is configured. */
export class ProviderAway extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ProviderAway";
  }
}

export interface SingleSignOnContext extends Pick<SignInContext, "sessions" | "people" | "limits"> {
  config: Pick<AuthConfig, "oidc" | "publicOrigin">;
  audit: AuditContext;
  /** The library with the provider; made anew after it failed. */
  library: { get: () => BetterAuth; forget: () => void };
  timeoutMs?: number;
}

async function bounded<T>(ctx: SingleSignOnContext, act: (auth: BetterAuth) => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new ProviderAway("the provider of the single sign-on did not answer in time")), ctx.timeoutMs ?? PROVIDER_TIMEOUT_MS);
  try {
    return await Promise.race([act(ctx.library.get()), late.promise]);
  } catch (error) {
    if (error instanceof ProviderAway) ctx.library.forget();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const withoutSlash = (url: string) => url.replace(/\/+$/, "");

/**
 * Starts a single sign-on. @returns where to send the browser, and the cookies that it must have when it comes back.
 * @throws ProviderAway
 */
export async function beginSingleSignOn({ ctx, next, client }: { ctx: SingleSignOnContext; next: string; client: Client }): Promise<{ url: string; cookies: string[] }> {
  const { oidc } = ctx.config;
  if (oidc === null) throw new ProviderAway("there is no single sign-on here");
  return bounded(ctx, async (auth) => {
    try {
      const { headers, response } = await auth.api.signInSocial({ body: { provider: PROVIDER, callbackURL: next, errorCallbackURL: "/sign-in", disableRedirect: true }, headers: headersOf(client), returnHeaders: true });
      const issuer = (await auth.$context).socialProviders.find(({ id }) => id === PROVIDER)?.issuer;
      if (issuer === undefined || withoutSlash(issuer) !== withoutSlash(oidc.issuer)) throw new ProviderAway(`the provider calls itself ${issuer ?? "nothing"}, and OIDC_ISSUER is ${oidc.issuer}`);
      if (response.url === undefined) throw new ProviderAway("the provider has no address to sign in at");
      return { url: response.url, cookies: headers.getSetCookie() };
    } catch (error) {
      // The library knows no provider when it could not read what the provider says of itself.
      if (isAPIError(error) && error.statusCode === 404) throw new ProviderAway("the provider does not say where to sign in", { cause: error });
      throw error;
    }
  });
}

export interface SingleSignOnEnd {
  /** Path to go on to; the sign-in page when it failed. */
  location: string;
  cookies: string[];
}

/** Takes the answer apart: the library tells all by where it sends the browser. */
function read(answer: Response): { cookies: string[]; location: string; error: string | null } {
  const location = answer.headers.get("location") ?? "/sign-in?error=no_location";
  const { searchParams } = new URL(location, "http://here.invalid");
  return { cookies: answer.headers.getSetCookie(), location, error: location.startsWith("/sign-in") ? (searchParams.get("error") ?? "unknown") : null };
}

const failed = (problem: SingleSignOnProblem, cookies: string[] = []): SingleSignOnEnd => ({ location: `/sign-in?problem=${problem}`, cookies });

/**
 * Anybody can send ways back, and each is written down for ever: a client has its limit for those that nobody set out
 * on, apart from its limit on passwords, since any page can make a browser send one. One that somebody set out on has
 * its own, so that it arrives whatever else its client sends.
 */
async function mayComeBack(ctx: SingleSignOnContext, state: string | null, { address }: Client): Promise<boolean> {
  const underWay = state !== null && (await ctx.people.signOnUnderWay(state));
  return (await ctx.limits.attempt({ account: null, client: `back from single sign-on, ${underWay ? `${state}, ` : ""}${address}` })).admitted;
}

/**
 * Ends a single sign-on: the browser comes back from the provider. The library holds the state against its own record
 * (once), exchanges the code, and checks signature, issuer, audience and nonce of the identity. Who has not been invited
 * does not come in, nor does one whose e-mail the provider has not verified.
 */
export async function endSingleSignOn({ ctx, request, client }: { ctx: SingleSignOnContext; request: Request; client: Client }): Promise<SingleSignOnEnd> {
  if (ctx.config.oidc === null) return failed("single_sign_on_failed");
  const url = new URL(`${ctx.config.publicOrigin}${AUTH_BASE_PATH}/callback/${PROVIDER}`);
  const given = new URL(request.url).searchParams;
  for (const name of CALLBACK_PARAMETERS) {
    const value = given.get(name);
    if (value !== null) url.searchParams.set(name, value.slice(0, PARAMETER_CHARACTERS));
  }
  if (!(await mayComeBack(ctx, url.searchParams.get("state"), client))) return failed("single_sign_on_failed");
  type Done = { end: SingleSignOnEnd; person: string | null; why: string | null };
  const done = await audited<Done>(
    {
      ctx: ctx.audit,
      actor: nobody(null),
      action: "session.sign_in",
      asked: { way: "single sign-on", from: client.address },
      outcome: ({ person, why }) => (person === null ? { outcome: "refused", error: why ?? "refused" } : "done"),
      after: ({ person }) => (person === null ? undefined : { person }),
    },
    async () => {
      const answer = await bounded(ctx, (auth) => auth.handler(new Request(url, { headers: headersOf(client, request.headers.get("cookie")) })));
      const { cookies, location, error } = read(answer);
      if (error !== null) {
        const problem = NOT_VERIFIED.has(error) ? "email_not_verified" : NOT_INVITED.has(error) ? "not_invited" : "single_sign_on_failed";
        return { end: failed(problem), person: null, why: error };
      }
      const result = await signedInBy({ ctx, cookies });
      if (result.outcome !== "signed_in") return { end: failed("not_invited"), person: null, why: "no session" };
      return { end: { location, cookies }, person: result.actor.id, why: null };
    },
  );
  // Its start was counted as an attempt.
  if (done.person !== null) await ctx.limits.succeeded({ account: null, client: client.address });
  return done.end;
}
