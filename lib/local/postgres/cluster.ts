import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PostgresBinaries } from "./binaries.ts";
import { ownTree, type Runner } from "./unprivileged.ts";

export const SUPERUSER = "postgres";
const INITDB_DEADLINE_MS = 60_000;

/** PostgreSQL's programs read PG* and locale variables: they get none of ours. Windows needs its own. */
export const POSTGRES_ENVIRONMENT =
  process.platform === "win32" ? undefined : ({ PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C", TZ: "UTC", NODE_ENV: "production" } as const);

export interface Cluster {
  dataDirectory: string;
  password: string;
}

/** The superuser's password, made once and kept beside the data, readable by its owner only. */
async function passwordIn(directory: string): Promise<{ file: string; password: string }> {
  const file = join(directory, "password");
  const kept = await readFile(file, "utf8").catch(() => "");
  if (kept !== "") return { file, password: kept };
  const password = randomBytes(24).toString("base64url");
  await writeFile(file, password, { mode: 0o600 });
  return { file, password };
}

async function run(runner: Runner, program: string, args: string[]): Promise<void> {
  const { command, args: given } = runner.commandLine(program, args);
  const child = spawn(command, given, {
    ...runner.user,
    ...(POSTGRES_ENVIRONMENT && { env: POSTGRES_ENVIRONMENT }),
    stdio: ["ignore", "pipe", "pipe"],
    timeout: INITDB_DEADLINE_MS,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`could not make the database's data folder: ${output.trim().split("\n").slice(-5).join(" | ")}`);
}

/**
 * Makes the data folder under `directory`, which exists, when there is none. It is made under another name and renamed
 * when whole, so that an interrupted start leaves nothing half made.
 */
export async function ensureCluster({
  directory,
  binaries,
  runner,
}: {
  directory: string;
  binaries: PostgresBinaries;
  runner: Runner;
}): Promise<Cluster> {
  if (runner.user) await chmod(directory, 0o711);
  const dataDirectory = join(directory, "data");
  const { file, password } = await passwordIn(directory);
  const { owner } = runner;
  const whole = await stat(join(dataDirectory, "PG_VERSION")).catch(() => null);
  if (whole) {
    if (owner) await ownTree(dataDirectory, owner);
    return { dataDirectory, password };
  }
  const unfinished = join(directory, "data.unfinished");
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  if (owner) await ownTree(unfinished, owner);
  if (runner.user) await ownTree(file, runner.user);
  // C.UTF-8 of the builtin provider: the same order and case rules on every machine.
  const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  const access = ["--auth=scram-sha-256", `--username=${SUPERUSER}`, `--pwfile=${file}`];
  await run(runner, binaries.initdb, ["-D", unfinished, ...locale, ...access, "--no-instructions"]);
  await rename(unfinished, dataDirectory);
  return { dataDirectory, password };
}
