import { type LeaseStep, leaseStep } from "#lib/domain/drain-rate.ts";
import { sleep, withDeadline } from "#worker/clock.ts";
import type { WorkerEvent } from "#worker/events.ts";
import { createLeaser } from "#worker/lease.ts";
import { createVirtualClock } from "./virtual-clock.ts";

const LEASED = 2;
/** As worker/report.ts reads the row. */
const READ_EVERY_MS = 500;
const READ_TIMEOUT_MS = 3_000;

/** One row and several workers that draw all they can on it, on one clock. */
export function createLeaseFleet(workers: number, rateWcuPerSecond = 100) {
  const time = createVirtualClock();
  const { clock } = time;
  const row = { rateWcuPerSecond, version: 1, tatMs: 0, away: false };
  const events: WorkerEvent[] = [];
  let hung: (() => void)[] | null = null;
  let longestLeaseMs = 0;

  /** An act on the row; while Postgres hangs it is done, for nobody, when it goes on. */
  async function act<T>(what: () => T): Promise<T> {
    if (row.away) throw new Error("no connection to Postgres");
    const waiting = hung;
    if (waiting) await new Promise<void>((resolve) => waiting.push(resolve));
    return what();
  }
  const reading = () => ({ effectiveWcuPerSecond: row.rateWcuPerSecond, version: row.version });
  const drain = {
    lease: ({ costWriteUnits, leadMs }: { costWriteUnits: number; leadMs: number }) =>
      act(() => {
        const nowMs = clock.monotonic();
        const step: LeaseStep = leaseStep({ tatMs: row.tatMs, nowMs, costWriteUnits, rateWcuPerSecond: row.rateWcuPerSecond, leadMs });
        if (!step.granted) return { granted: false as const, retryInMs: step.retryInMs, ...reading() };
        row.tatMs = step.tatMs;
        return { granted: true as const, startInMs: step.startMs - nowMs, ...reading() };
      }),
  };

  const spent: { atMs: number; units: number }[] = [];
  const fleet: { leaser: ReturnType<typeof createLeaser>; busy: boolean; ended: boolean }[] = [];

  /** @param reads whether it reads the row by itself, too, as a worker does. */
  function add({ busy = true, reads = false }: { busy?: boolean; reads?: boolean } = {}) {
    const leaser = createLeaser({ drain, clock, emit: (event) => events.push(event) });
    if (!row.away) leaser.seen(reading());
    const worker = { leaser, busy, ended: false };
    fleet.push(worker);
    const draw = async () => {
      while (!worker.ended) {
        let waitMs = 20;
        if (worker.busy) {
          const askedMs = clock.monotonic();
          const answer = await leaser.lease(LEASED);
          longestLeaseMs = Math.max(longestLeaseMs, clock.monotonic() - askedMs);
          if (answer.granted) spent.push({ atMs: answer.startAtMs, units: LEASED });
          waitMs = answer.granted ? answer.startAtMs - clock.monotonic() : Math.min(250, answer.retryInMs);
        }
        await sleep(clock, Math.max(1, waitMs));
      }
    };
    const read = async () => {
      while (!worker.ended) {
        await withDeadline({ clock, ms: READ_TIMEOUT_MS, what: "reading the drain row" }, () => act(reading)).then(leaser.seen, leaser.unreachable);
        await sleep(clock, READ_EVERY_MS);
      }
    };
    void draw();
    if (reads) void read();
    return worker;
  }

  for (let worker = 0; worker < workers; worker += 1) add();

  /** Units whose start lies in the range, a second. */
  const perSecond = (fromMs: number, toMs: number) => (spent.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).reduce((sum, one) => sum + one.units, 0) * 1000) / (toMs - fromMs);
  return {
    row,
    events,
    fleet,
    add,
    clock,
    advance: (ms: number) => time.advance(ms),
    perSecond,
    /** The highest rate of any two seconds that start in the range. */
    worst(fromMs: number, toMs: number): number {
      let most = 0;
      for (let at = fromMs; at < toMs; at += 100) most = Math.max(most, perSecond(at, at + 2_000));
      return most;
    },
    longestLeaseMs: () => longestLeaseMs,
    /** Postgres takes what it is asked and answers nothing. @returns lets it go on: what was asked is done then. */
    hang(): () => void {
      const waiting: (() => void)[] = [];
      hung = waiting;
      return () => {
        hung = null;
        for (const goOn of waiting) goOn();
      };
    },
    read: (worker: number) => fleet[worker]?.leaser.seen(reading()),
    end: () => fleet.forEach((worker) => (worker.ended = true)),
  };
}
