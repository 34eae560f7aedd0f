import type { TagTone } from "#components/ui/tag.tsx";
import type { Role } from "#lib/contracts/actor.ts";
import type { Person } from "#lib/contracts/people.ts";

export const ROLES: readonly { value: Role; label: string; meaning: string }[] = [
  { value: "support", label: "Support", meaning: "sees the queue and finds a user's activity" },
  { value: "operator", label: "Operator", meaning: "sees the queue and sets the drain rate" },
  { value: "admin", label: "Admin", meaning: "all of it: redrives, people, keys, the audit log" },
];

export const roleLabel = (role: Role): string => ROLES.find(({ value }) => value === role)?.label ?? role;

/** A person's state, and what colour says it. */
export function stateWords({ state, demo, linkExpiresAt }: Person): { label: string; tone: TagTone } {
  if (state === "disabled") return { label: "Disabled", tone: "neutral" };
  if (state === "invited") return linkExpiresAt === null ? { label: "Invited, link expired", tone: "warn" } : { label: "Invited", tone: "warn" };
  return { label: demo ? "Demo" : "Active", tone: "ok" };
}

/** The ways in that a person has. */
export function waysIn({ demo, hasPassword, singleSignOn }: Person): string {
  if (demo) return "from the sign-in page of this machine";
  const ways = [...(hasPassword ? ["password"] : []), ...(singleSignOn ? ["single sign-on"] : [])];
  return ways.length === 0 ? "none yet" : ways.join(", ");
}
