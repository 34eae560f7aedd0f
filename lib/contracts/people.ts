import { z } from "zod";
import { permissionSchema, roleSchema } from "#lib/contracts/actor.ts";

/** Hours and days after which people must sign in again or ask again. */
export const SESSION_LIMITS = {
  /** Since the last page opened or change made; a page that only refreshes itself does not count. */
  idleHours: 12,
  /** Since signing in, whatever is done. */
  absoluteHours: 7 * 24,
  /** Life of a link with which a password is set. */
  linkHours: 72,
} as const;

/** Characters of a password: long beats complicated (NIST SP 800-63B asks for 15 without a second factor). */
export const PASSWORD_CHARACTERS = { least: 15, most: 128 } as const;

export const emailSchema = z.string().trim().max(254).toLowerCase().pipe(z.email({ error: "must be an e-mail address" }));
const nameSchema = z.string().trim().min(1, { error: "must be given" }).max(100);
export const passwordSchema = z
  .string()
  .min(PASSWORD_CHARACTERS.least, { error: `must have at least ${PASSWORD_CHARACTERS.least} characters` })
  .max(PASSWORD_CHARACTERS.most, { error: `must have at most ${PASSWORD_CHARACTERS.most} characters` });

/** A path of this dashboard, to go on to after signing in; anything else is the overview. */
export const nextPathSchema = z
  .string()
  .max(2_000)
  .regex(/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/)
  .refine((path) => !path.startsWith("/sign-in") && !path.startsWith("/api/"))
  .catch("/");

export const signInRequestSchema = z.object({ email: z.string().trim().toLowerCase().max(254), password: z.string().min(1, { error: "must be given" }).max(1_000) });
export type SignInRequest = z.infer<typeof signInRequestSchema>;

export const demoSignInRequestSchema = z.object({ role: roleSchema });
export const singleSignOnRequestSchema = z.object({ next: nextPathSchema });
export const singleSignOnAnswerSchema = z.object({ url: z.url() });
/** Signed in, or out: all else goes by cookie. */
export const doneSchema = z.object({ done: z.literal(true) });

/** Who is signed in, as their own page may know it. */
export const accountSchema = z.object({ id: z.string(), name: z.string(), email: z.string(), role: roleSchema, demo: z.boolean(), hasPassword: z.boolean(), may: z.array(permissionSchema) });
export type Account = z.infer<typeof accountSchema>;

/** What the sign-in page offers. */
export interface SignInOffer {
  /** Name of the single sign-on; null = there is none. */
  singleSignOn: string | null;
  demoPeople: boolean;
}

export const linkTokenSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/, { error: "is not the token of a link" });
export const redeemLinkRequestSchema = z.object({ token: linkTokenSchema, name: nameSchema, password: passwordSchema });
export type RedeemLinkRequest = z.infer<typeof redeemLinkRequestSchema>;

export const changePasswordRequestSchema = z
  .strictObject({ current: z.string().min(1, { error: "must be given" }).max(1_000), next: passwordSchema })
  .refine(({ current, next }) => current !== next, { path: ["next"], error: "must not be the one you have" });
/** The person's other sessions, which ended with it. */
export const changePasswordAnswerSchema = z.object({ sessionsEnded: z.number().int() });
export type ChangePasswordRequest = z.infer<typeof changePasswordRequestSchema>;

/** `invited`: has never signed in and has no password. */
export const personStateSchema = z.enum(["active", "invited", "disabled"]);

export const personSchema = z.object({
  id: z.uuid(),
  email: z.string(),
  name: z.string(),
  role: roleSchema,
  demo: z.boolean(),
  state: personStateSchema,
  hasPassword: z.boolean(),
  singleSignOn: z.boolean(),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  lastSignInAt: z.iso.datetime().nullable(),
  disabledAt: z.iso.datetime().nullable(),
  /** Sessions that are still good. */
  sessions: z.number().int(),
  /** End of an unused link; null = there is none. */
  linkExpiresAt: z.iso.datetime().nullable(),
});
export type Person = z.infer<typeof personSchema>;

export const peopleListSchema = z.object({ items: z.array(personSchema) });
export type PeopleList = z.infer<typeof peopleListSchema>;

export const inviteRequestSchema = z.object({ email: emailSchema, name: nameSchema, role: roleSchema });
export type InviteRequest = z.infer<typeof inviteRequestSchema>;

/** The only time that a link is shown. */
export const linkAnswerSchema = z.object({ person: personSchema, link: z.url(), expiresAt: z.iso.datetime() });
export type LinkAnswer = z.infer<typeof linkAnswerSchema>;

export const changeRoleRequestSchema = z.object({ role: roleSchema });
export const changeStateRequestSchema = z.object({ disabled: z.boolean() });
export const personAnswerSchema = z.object({ person: personSchema });

export const personSessionSchema = z.object({
  id: z.uuid(),
  createdAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  endsAt: z.iso.datetime(),
  ipAddress: z.string().nullable(),
  userAgent: z.string().nullable(),
  /** The session that asks. */
  current: z.boolean(),
});
export type PersonSession = z.infer<typeof personSessionSchema>;
export const personSessionsSchema = z.object({ items: z.array(personSessionSchema) });

/** @see PersonSession; null = all of a person's. */
export const endSessionsRequestSchema = z.object({ sessionId: z.uuid().nullable() });
export const endedSchema = z.object({ ended: z.number().int() });

/** Why a change to a person was refused. */
export const PEOPLE_REFUSALS = ["email_taken", "last_admin", "is_demo", "is_self", "is_disabled", "no_longer_admin"] as const;
export type PeopleRefusal = (typeof PEOPLE_REFUSALS)[number];
