import { useMutation } from "@tanstack/react-query";
import type { z } from "zod";
import type { ApiError } from "#lib/client/api-error.ts";
import { apiFetch } from "#lib/client/fetch.ts";
import type { Role } from "#lib/contracts/actor.ts";
import { type ChangePasswordRequest, changePasswordAnswerSchema, doneSchema, type RedeemLinkRequest, type SignInRequest, singleSignOnAnswerSchema } from "#lib/contracts/people.ts";

/** Leaves for a page by a full load: nothing that was read for one person is in memory for the next. */
function leaveFor(path: string): void {
  window.location.assign(path);
}

/** What a tab keeps goes with its person. */
function forgetTab(): void {
  try {
    window.sessionStorage.clear();
  } catch {
    // Storage is closed: nothing was kept.
  }
}

/** A sign-in hashes a password, which takes its time on a busy machine. */
const SIGN_IN_TIMEOUT_MS = 20_000;

export function useSignIn(next: string) {
  return useMutation({
    mutationFn: (body: SignInRequest) => apiFetch({ path: "/api/auth/sign-in", body, schema: doneSchema, timeoutMs: SIGN_IN_TIMEOUT_MS }),
    onSuccess: () => {
      forgetTab();
      leaveFor(next);
    },
  });
}

export function useDemoSignIn(next: string) {
  return useMutation({
    mutationFn: (role: Role) => apiFetch({ path: "/api/auth/demo", body: { role }, schema: doneSchema }),
    onSuccess: () => {
      forgetTab();
      leaveFor(next);
    },
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
    onSuccess: () => {
      forgetTab();
      // Not assign(): going back must not lead to the used link.
      window.location.replace("/");
    },
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
    onSuccess: () => {
      forgetTab();
      leaveFor("/sign-in");
    },
  });
}

/** The session has ended while the page was open: to the sign-in page, and back here afterwards. */
export function signInAgain(): void {
  const { pathname, search } = window.location;
  if (pathname !== "/sign-in" && pathname !== "/invitation") leaveFor(`/sign-in?next=${encodeURIComponent(pathname + search)}`);
}
