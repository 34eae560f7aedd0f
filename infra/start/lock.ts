import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { StartError } from "./errors.ts";

/** A takeover is a few file operations: whoever finds one under way looks again after this. */
const GUARD_RETRY_MS = 5;

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

/** Makes a file that appears whole or not at all. @returns false where there is one already. */
async function createWhole(file: string, text: string): Promise<boolean> {
  const whole = `${file}.${randomUUID()}`;
  await writeFile(whole, text, { flag: "wx", mode: 0o600 });
  try {
    await link(whole, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    await rm(whole, { force: true });
  }
}

const read = async (file: string) => await readFile(file, "utf8").catch(() => null);

/**
 * Puts this process in the place of a dead holder. One at a time: between the look at the holder and the change of the
 * file nobody else may change it, and the file is never gone, so that nobody takes it as free.
 * @returns false where somebody else was quicker, or is at it.
 */
async function takeOver(file: string, me: Holder): Promise<boolean> {
  const guard = `${file}.takeover`;
  if (!(await createWhole(guard, JSON.stringify(me)))) {
    const other = parse((await read(guard)) ?? "");
    if (other !== null && !isLive(other)) {
      throw new StartError(`A start was killed while it took over ${file}: remove ${guard} and start again.`);
    }
    await sleep(GUARD_RETRY_MS);
    return false;
  }
  try {
    const found = await read(file);
    const holder = parse(found ?? "");
    if (found === null || (holder !== null && isLive(holder))) return false;
    const fresh = `${file}.${randomUUID()}`;
    await writeFile(fresh, JSON.stringify(me), { flag: "wx", mode: 0o600 });
    await rename(fresh, file);
    return true;
  } finally {
    await rm(guard, { force: true });
  }
}

/**
 * Takes the state folder for this process, also from a holder that is dead.
 * @returns how it was taken, and the way to give it back.
 * @throws StartError when a live start holds it.
 */
export async function takeLock(stateDirectory: string, me: Holder = holderOf(process.pid)): Promise<{ tookOver: boolean; release(): Promise<void> }> {
  const file = lockFile(stateDirectory);
  let tookOver = false;
  while (!tookOver && !(await createWhole(file, JSON.stringify(me)))) {
    const found = await read(file);
    if (found === null) continue;
    const holder = parse(found);
    if (holder !== null && isLive(holder)) {
      throw new StartError(`Spillway is already started here (process ${holder.pid}, state in ${stateDirectory}): stop it first, or set SPILLWAY_STATE_DIR to another folder.`);
    }
    tookOver = await takeOver(file, me);
  }
  return {
    tookOver,
    release: async () => {
      const holder = parse((await read(file)) ?? "");
      if (holder?.pid === me.pid) await rm(file, { force: true });
    },
  };
}
