import { startWatchdog } from "#worker/watchdog.ts";

/** A process that blocks its own event loop: `blocking-child.ts <block ms> <limit seconds> <tell ms>`. */
const [blockMs = 0, limitSeconds = 0, tellMs = 0] = process.argv.slice(2).map(Number);
const say = (event: string) => process.stdout.write(`${JSON.stringify({ event })}\n`);

const watchdog = startWatchdog({ limitSeconds, worker: "w", tellMs, onFault: (thrown) => say(`fault ${String(thrown)}`) });
const alive = setInterval(() => {}, 1_000);
// The thread needs a moment to be there.
setTimeout(() => {
  say("ready");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
  say("turns again");
  setTimeout(() => {
    watchdog.close();
    clearInterval(alive);
    say("ended");
  }, 700);
}, 700);
