import type { Verdict } from "#lib/contracts/ingest.ts";
import type { IngestCounts, IngestSample } from "#lib/gateways/ingest-samples.ts";

/** Seconds kept while the database is away; older ones are given up, which is reported. */
export const MAX_BUFFERED_SECONDS = 900;
/** Quiet seconds made up for between two flushes; a longer gap is a stopped process or a moved clock, and stays one. */
const MAX_FILL_SECONDS = 10;
/** Seconds in one write. */
const WRITE_SECONDS = 100;

export type CountsEvent =
  | { event: "ingest_counts_unsaved"; error: string }
  | { event: "ingest_counts_saved_again"; secondsGivenUp: number };

/**
 * Counts verdicts by the second and hands them on when the second is over. Ingest never waits for it: while the
 * database is away the seconds are kept, up to a bound, and both changes of that state are reported once.
 *
 * @param write must end in bounded time; writing a second again replaces it.
 */
export function createIngestCounter({
  processId,
  now,
  write,
  report,
  maxBufferedSeconds = MAX_BUFFERED_SECONDS,
}: {
  processId: string;
  now: () => number;
  write: (samples: readonly IngestSample[]) => Promise<void>;
  report: (event: CountsEvent) => void;
  maxBufferedSeconds?: number;
}) {
  /** By epoch second, oldest first. */
  const buffer = new Map<number, IngestCounts>();
  let lastSecond = Math.floor(now() / 1000);
  let givenUp = 0;
  let failing = false;
  let writing: Promise<void> | null = null;

  function at(second: number): IngestCounts {
    const existing = buffer.get(second);
    if (existing) return existing;
    const made = { accepted: 0, refused: 0, unknown: 0 };
    buffer.set(second, made);
    for (const oldest of buffer.keys()) {
      if (buffer.size <= maxBufferedSeconds) break;
      buffer.delete(oldest);
      givenUp += 1;
    }
    return made;
  }

  /** Makes a row of zeros for each quiet second, so that a chart can tell it from one that nobody reported. */
  function fill(): void {
    const current = Math.floor(now() / 1000);
    for (let second = Math.max(lastSecond, current - MAX_FILL_SECONDS); second <= current; second += 1) at(second);
    lastSecond = current + 1;
  }

  async function writeBefore(second: number): Promise<void> {
    for (;;) {
      const due = [...buffer].filter(([at]) => at < second).slice(0, WRITE_SECONDS);
      if (due.length === 0) return;
      await write(due.map(([at, counts]) => ({ processId, second: new Date(at * 1000), ...counts })));
      for (const [at] of due) buffer.delete(at);
    }
  }

  async function writeDue(all: boolean): Promise<void> {
    fill();
    try {
      await writeBefore(all ? Number.POSITIVE_INFINITY : Math.floor(now() / 1000));
      if (failing) report({ event: "ingest_counts_saved_again", secondsGivenUp: givenUp });
      failing = false;
      givenUp = 0;
    } catch (cause) {
      // Prisma's messages run over several lines and say what is wrong in the last.
      const message = cause instanceof Error ? cause.message : String(cause);
      if (!failing) report({ event: "ingest_counts_unsaved", error: message.trim().split("\n").at(-1) ?? message });
      failing = true;
    }
  }

  return {
    count(verdicts: readonly Verdict[]): void {
      const counts = at(Math.floor(now() / 1000));
      for (const { status } of verdicts) counts[status === "accepted" || status === "refused" ? status : "unknown"] += 1;
    },

    /**
     * Writes the seconds that are over. Never rejects.
     * @param all also the running second: only at the end, since a later write of it would replace this one.
     */
    async flush({ all = false }: { all?: boolean } = {}): Promise<void> {
      // The last flush comes after one that is under way; any other has nothing to add to it.
      if (writing !== null && !all) return;
      if (writing !== null) await writing;
      writing = writeDue(all);
      await writing;
      writing = null;
    },
  };
}
