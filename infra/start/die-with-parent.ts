/**
 * Preloaded (`--import`) into every child of the start. The start holds the other end of the child's standard input;
 * when that closes, the start is gone, however it went, and the child ends as on SIGTERM. Processes further down
 * (Next hands the preload on to its helpers) are left to the child that started them.
 */
const GRACE_MS = 20_000;

function parentGone(): void {
  setTimeout(() => process.exit(1), GRACE_MS).unref();
  process.kill(process.pid, "SIGTERM");
}

if (process.env.SPILLWAY_PARENT_PID === String(process.ppid)) {
  process.stdin.once("end", parentGone);
  process.stdin.once("error", parentGone);
  process.stdin.resume();
  // Watching must not keep a process alive that has nothing else to do.
  if ("unref" in process.stdin && typeof process.stdin.unref === "function") process.stdin.unref();
}
