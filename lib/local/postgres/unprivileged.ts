import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { lchown, lstat, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

/** How to start a program that refuses to run as root. */
export interface Runner {
  /** Command line to spawn for a program and its arguments. */
  commandLine(program: string, args: readonly string[]): { command: string; args: string[] };
  /** Set when the program runs as another user: given to spawn, and owner of the data. */
  user?: { uid: number; gid: number };
}

const AS_IS: Runner = { commandLine: (program, args) => ({ command: program, args: [...args] }) };

/** Inside such a namespace root is an ordinary user, and still reaches a folder that only root can enter. */
const NAMESPACES = [
  ["-U", "--map-user=1000"],
  ["-U"],
] as const;

const USERS_TO_TRY = ["postgres", "nobody"] as const;

function inNamespace(flags: readonly string[]): Runner {
  return { commandLine: (program, args) => ({ command: "unshare", args: [...flags, "--", program, ...args] }) };
}

/** Reads a user's ids from the text of /etc/passwd. */
export function userIn(passwd: string, name: string): { uid: number; gid: number } | null {
  for (const line of passwd.split("\n")) {
    const [user, , uid, gid] = line.split(":");
    if (user === name && uid !== undefined && gid !== undefined && Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

/**
 * Chooses how to run PostgreSQL, which refuses root: as is for a plain user; for root in a user namespace of its
 * own; where namespaces are closed, as the user `postgres` or `nobody`, who must be able to enter every folder
 * above `paths`.
 * @throws Error in one line when no way is open.
 */
export async function unprivilegedRunner(paths: readonly string[]): Promise<Runner> {
  if (process.getuid?.() !== 0) return AS_IS;
  for (const flags of NAMESPACES) {
    const { command, args } = inNamespace(flags).commandLine("true", []);
    if (spawnSync(command, args, { stdio: "ignore", timeout: 5_000 }).status === 0) return inNamespace(flags);
  }
  const passwd = readFileSync("/etc/passwd", "utf8");
  const user = USERS_TO_TRY.map((name) => userIn(passwd, name)).find((found) => found !== null);
  if (!user) throw new Error("PostgreSQL refuses to run as root here: run as a plain user, or allow user namespaces (unshare -U)");
  for (const path of paths) {
    const closed = await closedFolderAbove(path);
    if (closed !== null) {
      throw new Error(
        `PostgreSQL refuses to run as root, and other users cannot enter ${closed}: run as a plain user, open that folder (chmod o+x), or set SPILLWAY_STATE_DIR to a folder of open ones`,
      );
    }
  }
  return { ...AS_IS, user };
}

async function closedFolderAbove(path: string): Promise<string | null> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode } = await lstat(folder);
    if ((mode & 0o001) === 0) return folder;
    if (folder === dirname(folder)) return null;
  }
}

/** Gives a folder and all in it to a user, where they are not that user's yet; only root can. */
export async function ownTree(path: string, user: { uid: number; gid: number }): Promise<void> {
  const stat = await lstat(path);
  if (stat.uid === user.uid) return;
  if (stat.isDirectory()) for (const name of await readdir(path)) await ownTree(join(path, name), user);
  // The folder itself last, so that an interrupted walk is taken up again.
  await lchown(path, user.uid, user.gid);
}
