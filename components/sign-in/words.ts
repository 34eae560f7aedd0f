import type { Role } from "#lib/contracts/actor.ts";

/** What each role is for, in a few words. */
export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  support: "sees the queue and finds a user's activity",
  operator: "sees the queue and sets the drain rate",
  admin: "all of it: redrives, people, keys, the audit log",
};

const PROBLEMS: Readonly<Record<string, string>> = {
  not_invited: "You are known there, but nobody has invited you here. Ask an admin.",
  email_not_verified: "Your e-mail address is not verified there. Verify it, then try again.",
  single_sign_on_away: "The single sign-on does not answer. Try again in a moment.",
};

/** Why somebody came back from the single sign-on. */
export function problemWords(problem: string): string {
  return PROBLEMS[problem] ?? "The single sign-on did not work out. Try again.";
}
