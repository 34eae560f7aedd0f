import { createReportBuffer, isLater, type ReportBatch, tellable } from "#lib/domain/user-progress.ts";
import type { PassedReport } from "#lib/gateways/user-progress.ts";

/** Users of whom something is kept while Postgres is away, some 300 bytes each. */
const MAX_USERS = 10_000;
/** Users of one statement. */
const BATCH_USERS = 2_000;

export type Progress = ReturnType<typeof createProgress>;

/** What this worker did for each user since it was last told, one small object a user. */
export function createProgress() {
  const buffer = createReportBuffer<PassedReport>({ maxUsers: MAX_USERS, batchUsers: BATCH_USERS });
  const row = (userHash: string) => buffer.row(userHash, () => ({ userHash, through: null, passed: 0, stored: 0, failed: 0, dead: 0 }));

  return {
    /**
     * A message that this worker deleted while it surely held it.
     * @param through whether nothing that was before it in its lane is left.
     * @param redriven nobody has counted it in, so it is not counted out.
     */
    passed(
      { groupId, sequenceNumber, sentAt }: { groupId: string; sequenceNumber: string; sentAt: Date },
      { fate, through, redriven }: { fate: "stored" | "dead"; through: boolean; redriven: boolean },
    ): void {
      if (!tellable(groupId, sequenceNumber)) {
        buffer.lose();
        return;
      }
      const user = row(groupId);
      if (!user) return;
      user[fate] += 1;
      if (!redriven) user.passed += 1;
      if (through && (user.through === null || isLater(sequenceNumber, user.through.sequence))) user.through = { sequence: sequenceNumber, sentAt };
    },

    /** An attempt that failed. */
    failed(groupId: string): void {
      const user = tellable(groupId, "0") ? row(groupId) : null;
      if (user) user.failed += 1;
    },

    /** Tells what there is; see the buffer. @throws what `report` throws. */
    flush: (input: { report: (batch: ReportBatch<PassedReport>) => Promise<void>; nowMs: number; final?: boolean }): Promise<void> => buffer.flush(input),
  };
}
