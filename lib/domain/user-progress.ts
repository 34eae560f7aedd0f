/** Digits, as SQS gives them: up to 128 bits. */
const SEQUENCE = /^\d{1,39}$/;
/** As a MessageGroupId may be: printable ASCII without a space, up to 128. */
const USER_HASH = /^[!-~]{1,128}$/;
/** A process with nothing to tell says so this often, milliseconds: it is alive, and nothing of it is missing. */
const IDLE_REPORT_MS = 5_000;

/** Whether a user's message can be told of; any message of ours can. */
export function tellable(userHash: string, sequence: string): boolean {
  return USER_HASH.test(userHash) && SEQUENCE.test(sequence);
}

/** Whether one SequenceNumber of a user is above another: they have one length, but that is nowhere promised. */
export function isLater(sequence: string, than: string): boolean {
  return sequence.length === than.length ? sequence > than : BigInt(sequence) > BigInt(than);
}

/** One report: sent again as it is until it is known to have arrived, so that it can be counted once. */
export interface ReportBatch<Row> {
  flush: number;
  rows: readonly Row[];
  lost: number;
  ended: boolean;
}

/**
 * What a process has to tell of its users, one row each, merged until it is told. Bounded: of users beyond `maxUsers`
 * nothing is kept, and how often that happened is told with the next report.
 * @param batchUsers rows of one report at most.
 */
export function createReportBuffer<Row>({ maxUsers, batchUsers }: { maxUsers: number; batchUsers: number }) {
  const rows = new Map<string, Row>();
  let lost = 0;
  let flush = 0;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  /** Sent, and not known to have arrived. */
  let inHand: ReportBatch<Row> | null = null;
  let underWay: Promise<void> | null = null;

  function next(final: boolean): ReportBatch<Row> {
    if (inHand) return inHand;
    const taken: Row[] = [];
    for (const [userHash, row] of rows) {
      if (taken.length >= batchUsers) break;
      taken.push(row);
      rows.delete(userHash);
    }
    flush += 1;
    inHand = { flush, rows: taken, lost, ended: final && rows.size === 0 };
    lost = 0;
    return inHand;
  }

  async function tell(report: (batch: ReportBatch<Row>) => Promise<void>, final: boolean): Promise<void> {
    for (;;) {
      const again = inHand !== null;
      const batch = next(final);
      await report(batch);
      inHand = null;
      // What came while it was told may wait; what waited behind an earlier one may not.
      if (final ? batch.ended : rows.size < (again ? 1 : batchUsers)) return;
    }
  }

  return {
    /** The user's row, to be added to at once; null when there is no room for another user. */
    row(userHash: string, make: () => Row): Row | null {
      const existing = rows.get(userHash);
      if (existing) return existing;
      if (rows.size + (inHand?.rows.length ?? 0) >= maxUsers) {
        lost += 1;
        return null;
      }
      const made = make();
      rows.set(userHash, made);
      return made;
    },

    /** Notes something that cannot be told. */
    lose(): void {
      lost += 1;
    },

    /**
     * Tells what there is, or nothing while a call is under way or an idle process has told so lately.
     * @param final everything, and that the process ends with it.
     * @throws what `report` throws; the same batch is then told again by the next call.
     */
    async flush({ report, nowMs, final = false }: { report: (batch: ReportBatch<Row>) => Promise<void>; nowMs: number; final?: boolean }): Promise<void> {
      if (underWay) {
        if (!final) return;
        await underWay.catch(() => undefined);
      }
      if (!final && rows.size === 0 && lost === 0 && inHand === null && nowMs - toldAtMs < IDLE_REPORT_MS) return;
      underWay = tell(report, final).finally(() => {
        underWay = null;
      });
      await underWay;
      toldAtMs = nowMs;
    },

    /** Users of whom something is to be told. */
    users: (): number => rows.size + (inHand?.rows.length ?? 0),
  };
}
export type ReportBuffer<Row> = ReturnType<typeof createReportBuffer<Row>>;

/** How far below the cap a refused user should be before it comes again, as a part of the cap. */
const COME_BACK_AT = 0.9;
const RETRY_UNKNOWN_SECONDS = 60;
const MAX_RETRY_SECONDS = 300;

/**
 * When a user over the cap may try again: once the backlog is a tenth below the cap at the rate at which it passes.
 * @param passingPerSecond of that user; 0 when nothing passes, or it is not known.
 */
export function overCapRetrySeconds({ waiting, cap, passingPerSecond }: { waiting: number; cap: number; passingPerSecond: number }): number {
  if (passingPerSecond <= 0) return RETRY_UNKNOWN_SECONDS;
  const seconds = Math.ceil((waiting - cap * COME_BACK_AT) / passingPerSecond);
  return Math.min(MAX_RETRY_SECONDS, Math.max(1, seconds));
}
