import { isAPIError } from "better-auth/api";
import type { Actor, Role } from "#lib/contracts/actor.ts";
import { emailSchema, PASSWORD_CHARACTERS, type RedeemLinkRequest, type SignInRequest } from "#lib/contracts/people.ts";
import { linkTokenHash } from "#lib/domain/link-token.ts";
import type { People } from "#lib/gateways/people.ts";
import type { SignInLimits } from "#lib/gateways/sign-in-limits.ts";
import { type AuditContext, audited } from "#lib/services/audit/audited.ts";
import { type BetterAuth, CLIENT_HEADER } from "./better-auth.ts";
import { HASHING_RETRY_SECONDS, type HashingTurns } from "./hashing-turns.ts";
import { readSession, type SessionContext } from "./session.ts";

/** Who asks, as far as a request tells. */
export interface Client {
  /** See clientAddress(). */
  address: string;
  userAgent: string | null;
}

export interface SignInContext {
  auth: BetterAuth;
  people: People;
  limits: SignInLimits;
  sessions: SessionContext;
  audit: AuditContext;
  /** One for all of a process that hashes passwords. */
  hashing: HashingTurns;
  demoPeople: boolean;
  /** Milliseconds on a clock that never goes back. */
  monotonic: () => number;
  wait: (milliseconds: number) => Promise<void>;
}

export type SignInOutcome =
  /** Set-Cookie headers that make the browser the person's. */
  | { outcome: "signed_in"; cookies: string[]; actor: Actor }
  /** Wrong password, unknown e-mail, disabled person, no password: nobody is told which. */
  | { outcome: "refused" }
  /** `later`: too many attempts by this account or client. `busy`: too many by anybody; nothing was looked at. */
  | { outcome: "later" | "busy"; retryInSeconds: number };

/** An answer to a failed attempt is given at a multiple of this, so that its time tells nothing of where it failed. */
const ANSWER_STEP_MS = 400;

/** The request's headers that the library may see: never a forwarded one. */
export function headersOf({ address, userAgent }: Client, cookie?: string | null): Headers {
  return new Headers({ [CLIENT_HEADER]: address, ...(userAgent !== null && { "user-agent": userAgent }), ...(cookie && { cookie }) });
}

/** Who tries to sign in; what they say of themselves is not known to be true. */
export function nobody(email: string | null): Actor {
  return { id: "nobody", name: email ?? "somebody", email, role: "nobody" };
}

/** Set-Cookie headers of an answer, as a request would bring them back. */
function asCookieHeader(cookies: readonly string[]): string {
  return cookies.map((cookie) => cookie.split(";")[0]).join("; ");
}

/** The outcome of an answer that has set the session's cookie. */
export async function signedInBy({ ctx, cookies }: { ctx: Pick<SignInContext, "sessions" | "people">; cookies: string[] }): Promise<SignInOutcome> {
  const session = await readSession({ ctx: ctx.sessions, headers: new Headers({ cookie: asCookieHeader(cookies) }), used: false });
  if (session === null) return { outcome: "refused" };
  await ctx.people.signedIn(session.actor.id);
  return { outcome: "signed_in", cookies, actor: session.actor };
}

/** How a sign-in is written down. */
const written = {
  outcome: ({ outcome }: SignInOutcome) => (outcome === "signed_in" ? ("done" as const) : ({ outcome: "refused", error: outcome } as const)),
  after: (result: SignInOutcome) => (result.outcome === "signed_in" ? { person: result.actor.id, role: result.actor.role } : undefined),
};

/** Lets the library do it; what it refuses is one refusal. @throws what is no refusal, a database that does not answer among it. */
async function attempt(act: () => Promise<{ headers: Headers }>): Promise<string[] | null> {
  try {
    return (await act()).headers.getSetCookie();
  } catch (error) {
    if (isAPIError(error) && error.statusCode < 500) return null;
    throw error;
  }
}

async function withPassword({ ctx, email, password, client }: { ctx: SignInContext; email: string; password: string; client: Client }): Promise<SignInOutcome> {
  const cookies = await attempt(() => ctx.auth.api.signInEmail({ body: { email, password }, headers: headersOf(client), returnHeaders: true }));
  return cookies === null ? { outcome: "refused" } : signedInBy({ ctx, cookies });
}

/** Before anything is looked at, so that a full line tells nothing of who asks. */
const inTurn = async (ctx: SignInContext, act: () => Promise<SignInOutcome>): Promise<SignInOutcome> =>
  (await ctx.hashing.run(act)) ?? { outcome: "busy", retryInSeconds: HASHING_RETRY_SECONDS };

/** Waits up to the next step, counted from `startedAt`. */
async function atTheStep(ctx: SignInContext, startedAt: number): Promise<void> {
  const passed = ctx.monotonic() - startedAt;
  await ctx.wait(Math.max(0, Math.ceil(passed / ANSWER_STEP_MS) * ANSWER_STEP_MS - passed));
}

/**
 * Signs a person in by e-mail and password. Limited by account and by client; audited. Unknown e-mails take the same way
 * as wrong passwords: a hash is computed for both.
 */
export async function signIn({ ctx, input, client }: { ctx: SignInContext; input: SignInRequest; client: Client }): Promise<SignInOutcome> {
  const startedAt = ctx.monotonic();
  const result = await inTurn(ctx, () => signInNow({ ctx, input, client }));
  if (result.outcome === "refused") await atTheStep(ctx, startedAt);
  return result;
}

async function signInNow({ ctx, input: { email, password }, client }: { ctx: SignInContext; input: SignInRequest; client: Client }): Promise<SignInOutcome> {
  const admitted = await ctx.limits.attempt({ account: email, client: client.address });
  if (!admitted.admitted) return { outcome: "later", retryInSeconds: admitted.retryInSeconds };
  // What is no address may be a password typed into the wrong field: it is not written down.
  const given = emailSchema.safeParse(email).success ? email : null;
  const result = await audited({ ctx: ctx.audit, actor: nobody(given), action: "session.sign_in", target: given ?? undefined, asked: { way: "password", from: client.address }, ...written }, () =>
    withPassword({ ctx, email, password, client }),
  );
  if (result.outcome === "signed_in") await ctx.limits.succeeded({ account: email, client: client.address });
  return result;
}

export const DEMO_PEOPLE: Readonly<Record<Role, { email: string; name: string }>> = {
  support: { email: "support@demo.invalid", name: "Demo support" },
  operator: { email: "operator@demo.invalid", name: "Demo operator" },
  admin: { email: "admin@demo.invalid", name: "Demo admin" },
};

/** Signs the demo person of a role in; refused wherever demo people do not exist. */
export async function signInAsDemo({ ctx, role, client }: { ctx: SignInContext; role: Role; client: Client }): Promise<SignInOutcome> {
  if (!ctx.demoPeople) return { outcome: "refused" };
  const { email, name } = DEMO_PEOPLE[role];
  return audited({ ctx: ctx.audit, actor: nobody(email), action: "session.sign_in", target: email, asked: { way: "demo", from: client.address }, ...written }, async () => {
    const personId = await ctx.people.demoPerson({ email, name, role });
    const cookies = await attempt(() => ctx.auth.api.signInDemo({ body: { personId }, headers: headersOf(client), returnHeaders: true }));
    return cookies === null ? { outcome: "refused" } : signedInBy({ ctx, cookies });
  });
}

/** Uses a link up: sets name and password, ends every session of the person, and signs them in. Audited, also where the link is of no use. */
export function redeemLink(given: { ctx: SignInContext; input: RedeemLinkRequest; client: Client }): Promise<SignInOutcome> {
  return inTurn(given.ctx, () => redeemLinkNow(given));
}

async function redeemLinkNow({ ctx, input, client }: { ctx: SignInContext; input: RedeemLinkRequest; client: Client }): Promise<SignInOutcome> {
  const admitted = await ctx.limits.attempt({ account: null, client: client.address });
  if (!admitted.admitted) return { outcome: "later", retryInSeconds: admitted.retryInSeconds };
  const tokenHash = linkTokenHash(input.token);
  const holder = await ctx.people.linkHolder(tokenHash);
  if (holder === null) {
    const refusal: SignInOutcome = { outcome: "refused" };
    const outcome = () => ({ outcome: "refused" as const, error: "the link is unknown, used or too old" });
    return audited({ ctx: ctx.audit, actor: nobody(null), action: "session.sign_in", asked: { way: "link", from: client.address }, outcome }, async () => refusal);
  }
  if (input.password.length > PASSWORD_CHARACTERS.most) return { outcome: "refused" };
  const actor: Actor = { id: holder.personId, name: holder.name, email: holder.email, role: holder.role };
  const result = await audited({ ctx: ctx.audit, actor, action: "person.set_password", target: holder.email, asked: { way: "link", from: client.address, name: input.name }, ...written }, async (): Promise<SignInOutcome> => {
    const passwordHash = await (await ctx.auth.$context).password.hash(input.password);
    if (!(await ctx.people.redeemLink({ tokenHash, name: input.name, passwordHash }))) return { outcome: "refused" };
    return withPassword({ ctx, email: holder.email, password: input.password, client });
  });
  if (result.outcome === "signed_in") await ctx.limits.succeeded({ account: null, client: client.address });
  return result;
}
