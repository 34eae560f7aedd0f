import { createReadBucket, type Reservation } from "#lib/domain/read-bucket.ts";
import { leastPart, rateOf, turnMs } from "#lib/domain/read-part.ts";
import type { ReadShares } from "#lib/gateways/read-shares.ts";

export const READ_BUDGET_TIMES = {
  /** Pause between two renewals of the part, and after one that failed. */
  renewMs: 1_000,
  /** Pause between two renewals while there is no part that anything can be read with. */
  waitMs: 250,
  /** Pause before a part that shrank is told to be used less, while reads that were begun with more are under way. */
  shrinkMs: 50,
  /** How long a part goes on without being renewed. */
  partLifeMs: 60_000,
  /** Pause between two looks at the table's provisioned units. */
  describeMs: 60_000,
  describeRetryMs: 2_000,
  /** Longest wait for reads under way to give back what they did not need: it takes them a few milliseconds. */
  giveBackMs: 20,
  /** Longest wait of a read that came before the first part was there. */
  firstPartMs: 2_000,
} as const;

/** Reads waiting for units to come back; more are refused. */
const MOST_WAITING = 64;

export interface ReadGrant {
  kind: "granted";
  /** Items that the Query may look at. */
  items: number;
  /** To be called once. @param spentUnits what the table charged; null where it is not known. */
  settle(spentUnits: number | null): void;
}

export type ReadAdmission =
  | ReadGrant
  /** The units are spent; some will be there again after so many milliseconds. */
  | { kind: "over"; retryMs: number }
  /** There is no part to spend from: Postgres or the table has not answered for too long. */
  | { kind: "unavailable" };

export interface ReadBudgetEvent {
  event: "read_budget_unrenewed" | "read_budget_renewed_again" | "read_budget_expired" | "read_units_unknown";
  error?: string;
}

export interface ReadBudgetClock {
  /** Monotonic milliseconds. */
  now: () => number;
  /** Runs the action later. @returns cancels it. */
  after: (delayMs: number, action: () => void) => () => void;
}

export type ReadBudget = ReturnType<typeof createReadBudget>;

/**
 * This process's part of a share of the table's read units. Parts are renewed in Postgres each second; a read asks only
 * the bucket in memory. Over all processes, the units spent in any span of t seconds are at most
 * `share` * provisioned * t and a burst, which is at most the rest of what is provisioned for a second: so in any second
 * no more than are provisioned. Where the table cannot serve a largest item (8.5 units) to each process at a time beside
 * the share, the processes read in turns. Where it cannot to one, provisioned < 8.5 / (1 - `share`), the burst is that
 * item: then no more than are provisioned in any span of 8.5 / ((1 - `share`) * provisioned) seconds.
 *
 * While Postgres is away, a process goes on with its last part for a minute and then has none. A table without
 * provisioned units (on demand, no maximum set) has no bound.
 *
 * @param provisioned the table's read units per second; null = unbounded.
 * @param share of the provisioned units, 0 to 0.9.
 */
export function createReadBudget({
  shares,
  provisioned,
  share,
  holder,
  clock,
  report,
}: {
  shares: ReadShares;
  provisioned: () => Promise<number | null>;
  share: number;
  holder: string;
  clock: ReadBudgetClock;
  report: (event: ReadBudgetEvent) => void;
}) {
  const bucket = createReadBucket({ now: clock.now });
  let units: { perSecond: number | null } | null = null;
  let part = 0;
  /** Until when the part may be used, by our own clock. */
  let validUntilMs = Number.NEGATIVE_INFINITY;
  let first = true;
  let unrenewed = false;
  let saidUnknown = false;
  let stopped = false;
  const cancels = new Map<string, () => void>();
  const ready = Promise.withResolvers<void>();
  const waiting = new Set<() => void>();
  /** The parts that reads under way were begun with. */
  const readsOpen = new Set<{ part: number }>();

  const hasPart = () => units !== null && (units.perSecond === null || clock.now() < validUntilMs);

  const bounded = () => (units === null || units.perSecond === null ? null : { perSecond: units.perSecond, share });
  const readRate = (held: number) => {
    const budget = bounded();
    return budget && rateOf({ part: held, ...budget });
  };

  function apply(): void {
    bucket.setRate(units === null || !hasPart() ? { unitsPerSecond: 0, burstUnits: 0 } : readRate(part));
  }

  function later(name: string, delayMs: number, action: () => void): void {
    cancels.get(name)?.();
    if (!stopped) cancels.set(name, clock.after(delayMs, action));
  }

  async function describe(): Promise<void> {
    let pauseMs: number = READ_BUDGET_TIMES.describeMs;
    try {
      units = { perSecond: await provisioned() };
    } catch (cause) {
      // What was provisioned a while ago is the best that is known.
      if (units === null) {
        if (!saidUnknown) report({ event: "read_units_unknown", error: cause instanceof Error ? cause.name : "unknown" });
        saidUnknown = true;
        pauseMs = READ_BUDGET_TIMES.describeRetryMs;
      }
    }
    apply();
    later("describe", pauseMs, () => void describe());
  }

  async function renew(address: string): Promise<void> {
    const askedAtMs = clock.now();
    let pauseMs: number = READ_BUDGET_TIMES.renewMs;
    try {
      // What is under way is charged until its answer.
      const inUse = Math.max(hasPart() ? part : 0, ...[...readsOpen].map((read) => read.part));
      const budget = bounded();
      const granted = await shares.renew({
        holder,
        address,
        inUse,
        lifeMs: READ_BUDGET_TIMES.partLifeMs,
        first,
        leastPart: budget ? leastPart(budget) : 0,
        turnMs: budget ? turnMs(budget) : 0,
      });
      first = false;
      // Less than before: it is used less from here on, and others wait to hear so.
      if (granted.part < inUse) pauseMs = readsOpen.size > 0 ? READ_BUDGET_TIMES.shrinkMs : 0;
      else if (readRate(granted.part)?.burstUnits === 0) pauseMs = READ_BUDGET_TIMES.waitMs;
      part = granted.part;
      validUntilMs = askedAtMs + READ_BUDGET_TIMES.partLifeMs;
      if (unrenewed) report({ event: "read_budget_renewed_again" });
      unrenewed = false;
      later("expiry", validUntilMs - clock.now(), () => {
        report({ event: "read_budget_expired" });
        apply();
      });
    } catch (cause) {
      if (!unrenewed) report({ event: "read_budget_unrenewed", error: cause instanceof Error ? cause.name : "unknown" });
      unrenewed = true;
    }
    apply();
    later("renew", pauseMs, () => void renew(address));
  }

  function admit(wanted: number): ReadGrant | null {
    // After a standstill requests may come before the timer that ends the part: by then others have it.
    const reservation: Reservation | null = hasPart() ? bucket.reserve(wanted) : null;
    if (!reservation) return null;
    const open = { part };
    readsOpen.add(open);
    return {
      kind: "granted",
      items: reservation.items,
      settle(spentUnits) {
        if (!readsOpen.delete(open)) return;
        bucket.settle(reservation, spentUnits);
        const [next] = waiting;
        next?.();
      },
    };
  }

  /** Waits until somebody gives units back. @returns false when that took too long. */
  function givenBack(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const wake = () => end(true);
    const cancel = clock.after(READ_BUDGET_TIMES.giveBackMs, () => end(false));
    function end(came: boolean): void {
      cancel();
      waiting.delete(wake);
      resolve(came);
    }
    waiting.add(wake);
    return promise;
  }

  function refusal(): ReadAdmission {
    if (!hasPart()) return { kind: "unavailable" };
    const waitMs = bucket.waitMs();
    // A process that has just come has no part until the others make room, and one that waits for its turn has none either.
    return { kind: "over", retryMs: Number.isFinite(waitMs) ? waitMs : READ_BUDGET_TIMES.renewMs };
  }

  return {
    /**
     * Asks to look at up to `wanted` items; may grant fewer, at least one. Refuses at once when the units are spent; where
     * reads under way hold more than they will need, it waits for them, 20 ms at the most.
     */
    async take(wanted: number): Promise<ReadAdmission> {
      if (first || units === null) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const cancel = clock.after(READ_BUDGET_TIMES.firstPartMs, resolve);
        await Promise.race([ready.promise, promise]);
        cancel();
      }
      const until = clock.now() + READ_BUDGET_TIMES.giveBackMs;
      // Who waits already comes first.
      let granted = waiting.size === 0 ? admit(wanted) : null;
      while (!granted) {
        if (!bucket.hasInFlight() || waiting.size >= MOST_WAITING || clock.now() >= until || !(await givenBack())) return refusal();
        granted = admit(wanted);
      }
      return granted;
    },

    /** Units that all processes may spend in a second together; null = no bound, or not known. */
    unitsPerSecond: (): number | null => (units?.perSecond === null || units === null ? null : share * units.perSecond),

    /** Takes a part and keeps it. Resolves after the first try. @param address where this process listens. */
    async start(address: string): Promise<void> {
      await Promise.all([describe(), renew(address)]);
      ready.resolve();
    },

    /** Gives the part back, if Postgres is there. */
    async stop(): Promise<void> {
      stopped = true;
      for (const cancel of cancels.values()) cancel();
      part = 0;
      validUntilMs = Number.NEGATIVE_INFINITY;
      apply();
      if (!first) await shares.release(holder).catch(() => undefined);
    },
  };
}
