import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const STOP_DEADLINE_MS = 20_000;
const POLL_MS = 50;

/** Process id in the first line of a postmaster.pid, or null. */
export function postmasterPid(text: string): number | null {
  const pid = Number(text.split("\n", 1)[0]);
  return Number.isSafeInteger(pid) && pid > 1 ? pid : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether a live process is the PostgreSQL of this data folder; where /proc is missing, by the lock file's word. */
async function serves(pid: number, dataDirectory: string): Promise<boolean> {
  try {
    const commandLine = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
    return commandLine.some((part) => part.endsWith("postgres")) && commandLine.includes(dataDirectory);
  } catch {
    const proc = await stat("/proc/self").catch(() => null);
    return proc === null;
  }
}

/** A dead process that nobody fetched has no command line any more, so it counts as gone. */
async function gone(pid: number, dataDirectory: string, deadlineMs: number): Promise<boolean> {
  const end = performance.now() + deadlineMs;
  while (isAlive(pid) && (await serves(pid, dataDirectory))) {
    if (performance.now() > end) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/**
 * Clears what an earlier run left: a PostgreSQL that outlived its parent is shut down (fast, then hard), and a lock
 * file whose process id now belongs to something else is removed, since PostgreSQL itself would refuse to start.
 * @returns what was found.
 */
export async function clearLeftover(dataDirectory: string): Promise<"nothing" | "stale lock" | "stopped"> {
  const lock = join(dataDirectory, "postmaster.pid");
  const text = await readFile(lock, "utf8").catch(() => null);
  if (text === null) return "nothing";
  const pid = postmasterPid(text);
  // A dead process's lock is PostgreSQL's own to clear: it also checks that no backend of that run is still there.
  if (pid !== null && !isAlive(pid)) return "nothing";
  if (pid === null || !(await serves(pid, dataDirectory))) {
    await rm(lock, { force: true });
    return "stale lock";
  }
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      // It went in between: gone() sees that.
    }
    if (await gone(pid, dataDirectory, STOP_DEADLINE_MS)) break;
  }
  if (!(await gone(pid, dataDirectory, 0))) throw new Error(`an earlier PostgreSQL (process ${pid}) still holds ${dataDirectory} and does not stop`);
  await rm(lock, { force: true });
  return "stopped";
}
