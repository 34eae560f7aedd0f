import { readFileSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { StartError } from "./errors.ts";

/** Who holds a state folder. `born` tells a process from a later one with the same id, where the system says it. */
const holderSchema = z.object({ pid: z.number().int().positive(), born: z.string().nullable() });
export type Holder = z.infer<typeof holderSchema>;

/** When a process was started, in the kernel's ticks; null when it is gone or dead, or the system does not say. */
function bornAt(pid: number): string | null {
  try {
    // The second field is the program's name in brackets and may hold spaces; the third is the state, the 22nd this.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    // Killed, and not yet fetched by its parent, which where there is no init may be never.
    const isDead = fields[0] === "Z" || fields[0] === "X";
    return isDead ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

/** The process with this id, as it is written into a lock. */
export function holderOf(pid: number): Holder {
  return { pid, born: bornAt(pid) };
}

/** Whether the holder still runs. */
export function isLive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return holder.born === null || bornAt(holder.pid) === holder.born;
}

function parse(text: string): Holder | null {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

const lockFile = (stateDirectory: string) => join(stateDirectory, "lock");

/** The live holder of a state folder, or null. */
export async function liveHolder(stateDirectory: string): Promise<Holder | null> {
  const holder = parse(await readFile(lockFile(stateDirectory), "utf8").catch(() => ""));
  return holder !== null && isLive(holder) ? holder : null;
}

/**
 * Takes the state folder for this process, also from a holder that is dead.
 * @returns how it was taken, and the way to give it back.
 * @throws StartError when a live start holds it.
 */
export async function takeLock(stateDirectory: string, me: Holder = holderOf(process.pid)): Promise<{ tookOver: boolean; release(): Promise<void> }> {
  const file = lockFile(stateDirectory);
  let tookOver = false;
  for (;;) {
    try {
      await writeFile(file, JSON.stringify(me), { flag: "wx", mode: 0o600 });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const found = await readFile(file, "utf8").catch(() => null);
    if (found === null) continue;
    const holder = parse(found);
    if (holder !== null && isLive(holder)) {
      throw new StartError(`Spillway is already started here (process ${holder.pid}, state in ${stateDirectory}): stop it first, or set SPILLWAY_STATE_DIR to another folder.`);
    }
    // Moved aside, not removed: if another start was quicker, its fresh lock is what was moved, and goes back.
    const aside = `${file}.${me.pid}`;
    try {
      await rename(file, aside);
    } catch {
      continue;
    }
    if ((await readFile(aside, "utf8")) === found) {
      tookOver = true;
      await rm(aside, { force: true });
    } else await rename(aside, file);
  }
  return {
    tookOver,
    release: async () => {
      const holder = parse(await readFile(file, "utf8").catch(() => ""));
      if (holder?.pid === me.pid) await rm(file, { force: true });
    },
  };
}
