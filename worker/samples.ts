import type { SampleCounts, WorkerSample } from "#lib/gateways/worker-registry.ts";

/** Seconds kept for Postgres to take while it is away; older ones are given up. */
const KEPT_SECONDS = 600;

const zero = (): SampleCounts => ({ received: 0, stored: 0, failed: 0, dead: 0, throttles: 0, writeUnits: 0 });

export type Samples = ReturnType<typeof createSamples>;

/** What this worker did, by the second and in total. */
export function createSamples({ workerId, now }: { workerId: string; now: () => number }) {
  const seconds = new Map<number, SampleCounts & { oldestSentAt: Date | null }>();
  const totals = zero();
  let flushedTo = Math.floor(now() / 1000);

  function at(second: number) {
    let sample = seconds.get(second);
    if (!sample) {
      sample = { ...zero(), oldestSentAt: null };
      seconds.set(second, sample);
    }
    return sample;
  }

  return {
    count(name: keyof SampleCounts, amount: number): void {
      at(Math.floor(now() / 1000))[name] += amount;
      totals[name] += amount;
    },

    receivedSentAt(sentAt: Date): void {
      const sample = at(Math.floor(now() / 1000));
      if (sample.oldestSentAt === null || sentAt < sample.oldestSentAt) sample.oldestSentAt = sentAt;
    },

    /** Counts since the start. */
    totals: (): SampleCounts => ({ ...totals }),

    /** Seconds that are over and not yet taken, idle ones as zeros: silence would look like a missing worker. */
    finished(): WorkerSample[] {
      const current = Math.floor(now() / 1000);
      for (let second = Math.max(flushedTo, current - KEPT_SECONDS); second < current; second += 1) at(second);
      flushedTo = Math.max(flushedTo, current);
      for (const second of seconds.keys()) if (second < current - KEPT_SECONDS) seconds.delete(second);
      return Array.from(seconds)
        .filter(([second]) => second < current)
        .map(([second, counts]) => Object.assign({ workerId, second: new Date(second * 1000) }, counts));
    },

    /** Forgets what has been written. */
    written(samples: readonly WorkerSample[]): void {
      for (const sample of samples) seconds.delete(sample.second.getTime() / 1000);
    },
  };
}
