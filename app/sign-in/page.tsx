import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { SignInContainer } from "#components/sign-in/sign-in-container.tsx";
import { pageSession } from "#lib/auth/require-role.ts";
import { authServer } from "#lib/auth/server.ts";
import { nextPathSchema } from "#lib/contracts/people.ts";

export const metadata: Metadata = { title: "Sign in" };

/** The door. Who is in already goes on. */
export default async function SignInPage({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  const given = await searchParams;
  const next = nextPathSchema.parse(given.next);
  if ((await pageSession()) !== null) redirect(next);
  const { oidc, demoPeople } = authServer().config;
  return <SignInContainer offer={{ singleSignOn: oidc?.name ?? null, demoPeople }} next={next} problem={typeof given.problem === "string" ? given.problem : null} />;
}
