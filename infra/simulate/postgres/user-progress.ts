import type { UserProgress } from "#lib/gateways/user-progress.ts";

/** As much of the users' progress as a running worker needs. @param onThrough told of each user's message that is complete through. */
export function createFakeUserProgress(onThrough: (told: { worker: string; groupId: string; sequence: string }) => void): Pick<UserProgress, "reportPassed"> {
  return {
    async reportPassed({ writer }, rows) {
      for (const { userHash, through } of rows) if (through) onThrough({ worker: writer, groupId: userHash, sequence: through.sequence });
    },
  };
}
