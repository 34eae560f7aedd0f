import type { UserProgress } from "#lib/gateways/user-progress.ts";
import { figuresOf, type UserProgressFigures } from "./known.ts";

const MAX_USERS = 100;

/**
 * The users with most waiting, or with most arriving lately; at most 100, from an index. Users of whom nothing was told
 * cannot be among them.
 * @returns also when reports were last lost: from then on somebody may be missing.
 */
export async function topUsers({
  ctx,
  input,
}: {
  ctx: { progress: Pick<UserProgress, "top" | "lostAt"> };
  input: { by: "backlog" | "arrival"; limit: number };
}): Promise<{ users: UserProgressFigures[]; reportsLostAt: Date | null }> {
  const limit = Math.max(1, Math.min(MAX_USERS, input.limit));
  const [rows, lostAt] = await Promise.all([ctx.progress.top({ by: input.by, limit }), ctx.progress.lostAt()]);
  return { users: rows.map((row) => figuresOf(row, lostAt)), reportsLostAt: lostAt };
}
