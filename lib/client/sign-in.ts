import { useMutation } from "@tanstack/react-query";
import type { z } from "zod";
import type { ApiError } from "#lib/client/api-error.ts";
import { apiFetch } from "#lib/client/fetch.ts";
import { forgetTab } from "#lib/client/session-text.ts";
import type { Role } from "#lib/contracts/actor.ts";
import { type ChangePasswordRequest, changePasswordAnswerSchema, doneSchema, type RedeemLinkRequest, type SignInRequest, singleSignOnAnswerSchema } from "#lib/contracts/people.ts";

/**
 * Every way in and out leaves for its page here. By a full load, and with nothing kept in the tab: what was read for one
 * person, and what they looked for, is not there for the next.
 */
function leaveFor(path: string, { replace = false }: { /** Going back does not lead here again. */ replace?: boolean } = {}): void {
  forgetTab();
  if (replace) window.location.replace(path);
  else window.location.assign(path);
}

/** A sign-in hashes a password, which takes its time on a busy machine. */
const SIGN_IN_TIMEOUT_MS = 20_000;

export function useSignIn(next: string) {
  return useMutation({
    mutationFn: (body: SignInRequest) => apiFetch({ path: "/api/auth/sign-in", body, schema: doneSchema, timeoutMs: SIGN_IN_TIMEOUT_MS }),
    onSuccess: () => leaveFor(next),
  });
}

export function useDemoSignIn(next: string) {
  return useMutation({
    mutationFn: (role: Role) => apiFetch({ path: "/api/auth/demo", body: { role }, schema: doneSchema }),
    onSuccess: () => leaveFor(next),
  });
}

export function useSingleSignOn(next: string) {
  return useMutation({
    mutationFn: () => apiFetch({ path: "/api/auth/single-sign-on", body: { next }, schema: singleSignOnAnswerSchema, timeoutMs: SIGN_IN_TIMEOUT_MS }),
    onSuccess: ({ url }) => leaveFor(url),
  });
}

export function useRedeemLink() {
  return useMutation({
    mutationFn: (body: RedeemLinkRequest) => apiFetch({ path: "/api/auth/link", body, schema: doneSchema, timeoutMs: SIGN_IN_TIMEOUT_MS }),
    // Going back must not lead to the used link.
    onSuccess: () => leaveFor("/", { replace: true }),
  });
}

/** Changes the password of whoever is signed in; their session here goes on. */
export function useChangePassword() {
  return useMutation<z.output<typeof changePasswordAnswerSchema>, ApiError, ChangePasswordRequest>({
    mutationFn: (body) => apiFetch({ path: "/api/auth/password", body, schema: changePasswordAnswerSchema, timeoutMs: SIGN_IN_TIMEOUT_MS }),
    // Passwords are in what was asked: they are forgotten with the dialog.
    gcTime: 0,
  });
}

export function useSignOut() {
  return useMutation({
    mutationFn: () => apiFetch({ path: "/api/auth/sign-out", body: {}, schema: doneSchema }),
    onSuccess: () => leaveFor("/sign-in"),
  });
}

/** The session has ended while the page was open: to the sign-in page, and back here afterwards. */
export function signInAgain(): void {
  const { pathname, search } = window.location;
  if (pathname !== "/sign-in" && pathname !== "/invitation") leaveFor(`/sign-in?next=${encodeURIComponent(pathname + search)}`);
}
