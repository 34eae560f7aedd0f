import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";

/**
 * Runs in a thread of its own, beside the event loop it watches; worker/watchdog.ts has the other half and the type of
 * its data. Plain JavaScript: to read TypeScript a thread loads Node's type stripper, some 17 MB of every worker.
 */
const { cells, pollMs, tellMs, limitMs, worker } = workerData;
const STDOUT = 1;

// Straight to the file: a thread's process.stdout goes through the very loop that is blocked.
/** @param {"warn" | "error"} level @param {Record<string, unknown>} fields */
function tell(level, fields) {
  try {
    writeSync(STDOUT, `${JSON.stringify({ at: new Date().toISOString(), level, event: "event_loop_blocked", worker, ...fields })}\n`);
  } catch {
    // Nobody reads: what follows matters more than the line.
  }
}

let beat = Atomics.load(cells, 0);
let beatAtMs = performance.now();
let lookedAtMs = beatAtMs;
while (Atomics.wait(cells, 1, 0, pollMs) === "timed-out") {
  const nowMs = performance.now();
  // This thread was held up as well, so the whole process was (SIGSTOP, a sleeping machine): no fault of the loop's.
  if (nowMs - lookedAtMs > 4 * pollMs) beatAtMs += nowMs - lookedAtMs;
  lookedAtMs = nowMs;
  const blockedMs = Math.round(nowMs - beatAtMs);
  const current = Atomics.load(cells, 0);
  if (current !== beat) {
    if (blockedMs >= tellMs) tell("warn", { blockedMs, ending: false });
    beat = current;
    beatAtMs = nowMs;
  } else if (limitMs > 0 && blockedMs >= limitMs) {
    tell("error", { blockedMs, ending: true });
    // The loop can run no exit handler, and a thread cannot exit the process: a signal with this one meaning can.
    process.kill(process.pid, "SIGALRM");
    limitReached();
  }
}

function limitReached() {
  // Where the signal is ignored (process 1 of a container without an init), once is enough.
  Atomics.wait(cells, 1, 0);
}
