"use client";

import { useDemoSignIn, useSignIn, useSingleSignOn } from "#lib/client/sign-in.ts";
import { useAlive } from "#lib/client/use-now.ts";
import type { SignInOffer } from "#lib/contracts/people.ts";
import { SignInScreen } from "./sign-in-screen.tsx";
import { problemWords } from "./words.ts";

/** The sign-in page, alive. @param next path to go on to. */
export function SignInContainer({ offer, next, problem }: { offer: SignInOffer; next: string; problem: string | null }) {
  const [password, demo, singleSignOn] = [useSignIn(next), useDemoSignIn(next), useSingleSignOn(next)];
  const ways = [password, demo, singleSignOn];
  // The way tried last is the one whose failure counts; until one is tried, why the browser came back.
  const failed = ways.filter(({ status }) => status === "error").toSorted((a, b) => b.submittedAt - a.submittedAt)[0];
  const busyUntilGone = (way: { isPending: boolean; isSuccess: boolean }) => way.isPending || way.isSuccess;
  const busy = busyUntilGone(password) ? "password" : busyUntilGone(singleSignOn) ? "single_sign_on" : busyUntilGone(demo) ? (demo.variables ?? null) : null;
  const tried = ways.some(({ isIdle }) => !isIdle);

  return (
    <SignInScreen
      offer={offer}
      failure={failed?.error?.message ?? (problem !== null && !tried ? problemWords(problem) : null)}
      busy={busy}
      disabled={!useAlive()}
      onSignIn={password.mutate}
      onSingleSignOn={() => singleSignOn.mutate()}
      onDemo={demo.mutate}
    />
  );
}
