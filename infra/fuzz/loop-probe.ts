/**
 * Loaded into the API's process before its own code: watches the event loop from within and answers its parent. A gap in
 * which this thread had no processor is the machine's; only what the thread itself worked for counts as a stall.
 */
export interface LoopGaps {
  /** Longest time between two rounds, milliseconds. */
  longestMs: number;
  /** Most processor time of this thread between two rounds, milliseconds. */
  busiestMs: number;
}

const EVERY_MS = 5;

let gaps: LoopGaps = { longestMs: 0, busiestMs: 0 };
let lookedAt = performance.now();
let cpu = process.threadCpuUsage();

setInterval(() => {
  const now = performance.now();
  const used = process.threadCpuUsage(cpu);
  gaps = { longestMs: Math.max(gaps.longestMs, now - lookedAt), busiestMs: Math.max(gaps.busiestMs, (used.user + used.system) / 1000) };
  lookedAt = now;
  cpu = process.threadCpuUsage();
}, EVERY_MS).unref();

// A parent that was killed leaves nothing behind.
process.on("disconnect", () => process.exit(1));
process.on("message", () => {
  process.send?.({ gaps });
  gaps = { longestMs: 0, busiestMs: 0 };
});
