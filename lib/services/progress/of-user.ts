import { userHash } from "#lib/domain/activity-key.ts";
import type { UserProgress } from "#lib/gateways/user-progress.ts";
import { figuresOf, type Known, type UserProgressFigures } from "./known.ts";

/** What is known of one user: how much waits, and through when all is stored or dead. */
export async function progressOfUser({
  ctx,
  input,
}: {
  ctx: { progress: Pick<UserProgress, "ofUser" | "lostAt"> };
  input: { userId: string };
}): Promise<Known<UserProgressFigures>> {
  const [row, lostAt] = await Promise.all([ctx.progress.ofUser(userHash(input.userId)), ctx.progress.lostAt()]);
  return row === null ? { state: "unknown", why: "not_reported" } : { state: "known", value: figuresOf(row, lostAt) };
}
