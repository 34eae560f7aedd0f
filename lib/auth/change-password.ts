import type { ChangePasswordRequest } from "#lib/contracts/people.ts";
import { audited } from "#lib/services/audit/audited.ts";
import { HASHING_RETRY_SECONDS } from "./hashing-turns.ts";
import type { Session } from "./session.ts";
import type { Client, SignInContext } from "./sign-in.ts";

export type ChangePasswordOutcome =
  /** @param ended the person's other sessions. */
  | { outcome: "changed"; ended: number }
  | { outcome: "wrong_password" }
  /** They come in by single sign-on, or are a demo person. */
  | { outcome: "no_password" }
  /** Password, session or person changed while it was under way. */
  | { outcome: "overtaken" }
  | { outcome: "later" | "busy"; retryInSeconds: number };

type Context = Pick<SignInContext, "auth" | "people" | "limits" | "audit" | "hashing">;

async function change({ ctx, session, input, known }: { ctx: Context; session: Session; input: ChangePasswordRequest; known: string }): Promise<ChangePasswordOutcome> {
  const { password } = await ctx.auth.$context;
  if (!(await password.verify({ hash: known, password: input.current }))) return { outcome: "wrong_password" };
  const ended = await ctx.people.changePassword({ personId: session.actor.id, sessionId: session.id, known, passwordHash: await password.hash(input.next) });
  return ended === null ? { outcome: "overtaken" } : { outcome: "changed", ended };
}

/**
 * Gives a signed-in person another password, for the one they have. Attempts count as those to sign in do, so that a
 * session left open guesses no faster than a stranger. Every other session of theirs ends, and an unused link. Audited.
 */
export async function changePassword({ ctx, session, input, client }: { ctx: Context; session: Session; input: ChangePasswordRequest; client: Client }): Promise<ChangePasswordOutcome> {
  const { actor } = session;
  const who = { account: actor.email, client: client.address };
  const done = await ctx.hashing.run(async (): Promise<ChangePasswordOutcome> => {
    const known = await ctx.people.passwordHash(actor.id);
    if (known === null) return { outcome: "no_password" };
    const admitted = await ctx.limits.attempt(who);
    if (!admitted.admitted) return { outcome: "later", retryInSeconds: admitted.retryInSeconds };
    const result = await audited<ChangePasswordOutcome>(
      {
        ctx: ctx.audit,
        actor,
        action: "person.change_password",
        target: actor.email,
        asked: { from: client.address },
        after: (end) => (end.outcome === "changed" ? { sessionsEnded: end.ended } : undefined),
        outcome: ({ outcome }) => (outcome === "changed" ? "done" : { outcome: "refused", error: outcome }),
      },
      () => change({ ctx, session, input, known }),
    );
    if (result.outcome !== "wrong_password") await ctx.limits.succeeded(who);
    return result;
  });
  return done ?? { outcome: "busy", retryInSeconds: HASHING_RETRY_SECONDS };
}
