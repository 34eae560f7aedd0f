import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, rename, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DATABASE_ROLES } from "#lib/config/database-roles.ts";
import { findPostgresBinaries } from "./binaries.ts";
import { ensureCluster, POSTGRES_ENVIRONMENT, SUPERUSER } from "./cluster.ts";
import { answers, ensureDatabase } from "./database.ts";
import { clearLeftover } from "./leftover.ts";
import { stopWithParent } from "./parent-watch.ts";
import { unprivilegedRunner } from "./unprivileged.ts";

export interface LocalPostgres {
  /** As superuser, into the database `spillway`. */
  adminUrl: string;
  /** As the role of the running processes, which owns nothing; its rights come from infra/migrate/grants.ts. */
  databaseUrl: string;
  /** As the owner of the database `spillway` and its tables, who is no superuser: for migrations. */
  migrateUrl: string;
  port: number;
  pid: number;
  /** Resolves when the server's process ends, asked for or not. */
  exited: Promise<void>;
  /** Fast shutdown; waits until the process is gone. May be called again. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const OWNER = "spillway";
const RUNTIME = "spillway_app";
const DATABASE = "spillway";
/** A start after a kill replays the log first: allow for it. */
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 20_000;
const POLL_MS = 50;
/** Backends of a killed server are gone within moments; until then PostgreSQL refuses to start anew. */
const ATTEMPTS = 20;
const ATTEMPT_PAUSE_MS = 500;
const LOG_BYTES_KEPT = 5_000_000;
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: HOST,
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "128MB",
  max_wal_size: "512MB",
  timezone: "UTC",
  log_timezone: "UTC",
  log_min_messages: "warning",
};

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, HOST);
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port was given");
  return address.port;
}

async function lastLines(logFile: string): Promise<string> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  return text.trim().split("\n").slice(-6).join(" | ");
}

/** Resolves "ended" when the process is gone, however early it went. */
function endOf(child: ChildProcess): Promise<"ended"> {
  return new Promise((done) => {
    child.once("exit", () => done("ended"));
    child.once("error", () => done("ended"));
  });
}

async function within(ended: Promise<"ended">, deadlineMs: number): Promise<boolean> {
  const timer = new AbortController();
  const late = sleep(deadlineMs, "late" as const, { signal: timer.signal }).catch(() => "late" as const);
  const first = await Promise.race([ended, late]);
  timer.abort();
  return first === "ended";
}

async function stop(child: ChildProcess, ended: Promise<"ended">): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    child.kill(signal);
    if (await within(ended, STOP_DEADLINE_MS)) return;
  }
}

/**
 * Runs a real PostgreSQL 18 on loopback, as root or as a plain user, wherever `directory` lies. The data is made at
 * the first start and found again by the next; what a killed run left is cleared first. It ends with this process,
 * even when this process is killed.
 *
 * @param directory holds the data, the password and the log; made when missing.
 * @param port 0 takes a free one.
 * @param durable false leaves out the waits for the disk: for tests, whose data nobody needs after a power cut.
 * @throws Error that says in one line why it does not start.
 */
export async function startPostgres(options: { directory: string; port: number; durable?: boolean }): Promise<LocalPostgres> {
  const directory = resolve(options.directory);
  const binaries = await findPostgresBinaries();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const runner = await unprivilegedRunner({ program: binaries.postgres, directory });
  const { dataDirectory, password } = await ensureCluster({ directory, binaries, runner });
  await clearLeftover(dataDirectory);

  const port = options.port === 0 ? await freePort() : options.port;
  const durability = options.durable === false ? { fsync: "off", full_page_writes: "off", synchronous_commit: "off" } : {};
  const settings = Object.entries({ ...SETTINGS, ...durability, port: String(port) }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const { command, args } = runner.commandLine(binaries.postgres, ["-D", dataDirectory, ...settings]);

  const logFile = join(directory, "postgres.log");
  const logBytes = await stat(logFile).then(({ size }) => size, () => 0);
  if (logBytes > LOG_BYTES_KEPT) await rename(logFile, `${logFile}.1`);
  // A password for each, so that one who has the runtime's cannot log in as another.
  const passwordOf = (user: string) => (user === SUPERUSER ? password : createHmac("sha256", password).update(user).digest("base64url"));
  const url = (user: string, database: string) => `postgresql://${user}:${passwordOf(user)}@${HOST}:${port}/${database}`;

  const launch = async () => {
    const log = openSync(logFile, "a", 0o600);
    const child = spawn(command, args, {
      ...runner.user,
      ...(POSTGRES_ENVIRONMENT && { env: POSTGRES_ENVIRONMENT }),
      stdio: ["ignore", log, log],
      // A session of its own: Ctrl-C in the terminal is for the parent, which stops things in order.
      detached: true,
    });
    closeSync(log);
    const ended = endOf(child);
    const unwatch = child.pid === undefined ? () => undefined : stopWithParent(child.pid);
    void ended.then(unwatch);
    const deadline = performance.now() + START_DEADLINE_MS;
    while (!(await answers(url(SUPERUSER, "postgres")))) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return null;
      if (performance.now() > deadline) {
        await stop(child, ended);
        throw new Error(`PostgreSQL did not answer within ${START_DEADLINE_MS / 1000} s: ${await lastLines(logFile)}`);
      }
      await sleep(POLL_MS);
    }
    return { child, ended };
  };

  for (let attempt = 1; ; attempt += 1) {
    const server = await launch();
    if (server?.child.pid !== undefined) {
      const { child, ended } = server;
      const close = () => stop(child, ended);
      try {
        await ensureDatabase({
          url: url(SUPERUSER, "postgres"),
          database: DATABASE,
          owner: { name: OWNER, password: passwordOf(OWNER) },
          roles: Object.values(DATABASE_ROLES),
          runtime: { name: RUNTIME, password: passwordOf(RUNTIME), memberOf: DATABASE_ROLES.runtime },
        });
      } catch (error) {
        await close();
        throw error;
      }
      return {
        adminUrl: url(SUPERUSER, DATABASE),
        databaseUrl: url(RUNTIME, DATABASE),
        migrateUrl: url(OWNER, DATABASE),
        port,
        pid: server.child.pid,
        exited: ended.then(() => undefined),
        close,
      };
    }
    const why = await lastLines(logFile);
    if (attempt === ATTEMPTS || !why.includes("shared memory block")) throw new Error(`PostgreSQL does not start: ${why}`);
    await sleep(ATTEMPT_PAUSE_MS);
  }
}
