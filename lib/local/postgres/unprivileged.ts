import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { lchown, lstat, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

interface Ids {
  uid: number;
  gid: number;
}

/** How to start a program that refuses to run as root. */
export interface Runner {
  /** Command line to spawn for a program and its arguments. */
  commandLine(program: string, args: readonly string[]): { command: string; args: string[] };
  /** Who must own the data, where that is for us to see to. */
  owner?: Ids;
  /** Set when spawn itself changes the user. */
  user?: Ids;
}

const AS_IS: Runner = { commandLine: (program, args) => ({ command: program, args: [...args] }) };
const ROOT: Ids = { uid: 0, gid: 0 };

const USERS_TO_TRY = ["postgres", "nobody"] as const;

const before = (...prefix: [string, ...string[]]): Runner["commandLine"] => (program, args) => ({ command: prefix[0], args: [...prefix.slice(1), "--", program, ...args] });

/**
 * Ways for root to run a program that refuses root and must enter folders that other users may not, best first.
 * In a namespace of its own root is an ordinary user and still reaches its own folders; containers often forbid that.
 * Another user with the right to pass over permissions reaches every folder.
 */
function waysOf(user: Ids | null): Runner[] {
  const ways: Runner[] = [
    { commandLine: before("unshare", "-U", "--map-user=1000"), owner: ROOT },
    { commandLine: before("unshare", "-U"), owner: ROOT },
  ];
  if (user === null) return ways;
  // access(2) leaves a plain user's rights aside unless the last of these is set, and initdb asks it for its programs.
  const rights = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"];
  return [...ways, { commandLine: before("setpriv", `--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups", ...rights), owner: user }];
}

/** Reads a user's ids from the text of /etc/passwd. */
export function userIn(passwd: string, name: string): Ids | null {
  for (const line of passwd.split("\n")) {
    const [user, , uid, gid] = line.split(":");
    if (user === name && uid !== undefined && gid !== undefined && Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

function succeeds({ command, args }: { command: string; args: readonly string[] }): boolean {
  return spawnSync(command, args, { stdio: "ignore", timeout: 5_000 }).status === 0;
}

/**
 * Chooses how to run PostgreSQL, which refuses root: as is for a plain user; for root in the first way that reaches
 * both the program and the folder; else as the user `postgres` or `nobody`, who must be able to enter every folder
 * above them.
 * @param works whether a command line ends well; tests give their own.
 * @throws Error in one line when no way is open.
 */
export async function unprivilegedRunner({
  program,
  directory,
  uid = process.getuid?.(),
  passwd = () => readFileSync("/etc/passwd", "utf8"),
  works = succeeds,
}: {
  program: string;
  directory: string;
  uid?: number | undefined;
  passwd?: () => string;
  works?: (commandLine: { command: string; args: readonly string[] }) => boolean;
}): Promise<Runner> {
  if (uid !== 0) return AS_IS;
  const users = passwd();
  const user = USERS_TO_TRY.map((name) => userIn(users, name)).find((found) => found !== null) ?? null;
  for (const way of waysOf(user)) {
    if (works(way.commandLine(program, ["--version"])) && works(way.commandLine("test", ["-w", directory]))) return way;
  }
  if (!user) throw new Error("PostgreSQL refuses to run as root here: run as a plain user, or allow user namespaces (unshare -U)");
  for (const path of [program, directory]) {
    const closed = await closedFolderAbove(path);
    if (closed !== null) {
      throw new Error(
        `PostgreSQL refuses to run as root, and other users cannot enter ${closed}: run as a plain user, open that folder (chmod o+x), or set SPILLWAY_STATE_DIR to a folder of open ones`,
      );
    }
  }
  return { ...AS_IS, owner: user, user };
}

async function closedFolderAbove(path: string): Promise<string | null> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode } = await lstat(folder);
    if ((mode & 0o001) === 0) return folder;
    if (folder === dirname(folder)) return null;
  }
}

/** Gives a folder and all in it to a user, where they are not that user's yet; only root can. */
export async function ownTree(path: string, user: Ids): Promise<void> {
  const stat = await lstat(path);
  if (stat.uid === user.uid) return;
  if (stat.isDirectory()) for (const name of await readdir(path)) await ownTree(join(path, name), user);
  // The folder itself last, so that an interrupted walk is taken up again.
  await lchown(path, user.uid, user.gid);
}
