import { spawn } from "node:child_process";
import { getPriority, setPriority } from "node:os";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LogFile } from "./log-file.ts";

const PRELOAD = join(import.meta.dirname, "die-with-parent.ts");
const STOP_DEADLINE_MS = 20_000;
const KILL_DEADLINE_MS = 5_000;
/** Of nice(1): the one that leaves the processor to all others. */
const LOWEST_PRIORITY = 19;

/** A JSON log line of one of our processes. */
export interface LogEvent {
  event: string;
  [field: string]: unknown;
}

export interface Child {
  pid: number;
  /** Resolves with how it ended ("exit code 1", "SIGKILL"), asked for or not. */
  exited: Promise<string>;
  /** Waits for a log line with this event. Rejects when the child ends or the deadline passes first. */
  event(name: string, options: { deadlineMs: number }): Promise<LogEvent>;
  /** SIGTERM, and SIGKILL when it has not ended in 20 s; waits until it is gone. */
  stop(): Promise<void>;
  /** SIGKILL to it and all it started, at once. */
  kill(): void;
}

const live = new Set<Child>();

/** Kills every child that still runs; for a second signal and for a crash of the start itself. */
export function killAllChildren(): void {
  for (const child of live) child.kill();
}

/** The event of a line, or null when the line is not one of our log lines. */
export function parseLogLine(line: string): LogEvent | null {
  if (!line.startsWith("{")) return null;
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed === "object" && parsed !== null && "event" in parsed && typeof parsed.event === "string") return parsed as LogEvent;
  } catch {
    // Not JSON: some library's own output.
  }
  return null;
}

function yieldMore(pid: number, steps: number): void {
  try {
    setPriority(pid, Math.min(LOWEST_PRIORITY, getPriority() + steps));
  } catch {
    // It has ended already, or the system knows no priorities: it runs as any other.
  }
}

/**
 * Starts a Node child that ends with this process. Both its outputs go to the log, line by line.
 * @param args of node: flags, the entry, its arguments.
 * @param onEvent called with each of its JSON log lines.
 * @param yieldsBy how much more readily than this process it leaves the processor to others, in steps of nice(1).
 */
export function startChild({
  args,
  env,
  cwd,
  log,
  onEvent,
  yieldsBy = 0,
}: {
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd?: string;
  log?: LogFile;
  onEvent?: (event: LogEvent) => void;
  yieldsBy?: number;
}): Child {
  const { NODE_COMPILE_CACHE } = process.env;
  const childEnv: Record<string, string> = { ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }), ...env, SPILLWAY_PARENT_PID: String(process.pid) };
  const spawned = spawn(process.execPath, [`--import=${new URL(`file://${PRELOAD}`).href}`, ...args], {
    env: childEnv as NodeJS.ProcessEnv,
    ...(cwd !== undefined && { cwd }),
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own: Ctrl-C is for the start, which stops things in order, and a kill reaches grandchildren.
    detached: true,
  });
  if (yieldsBy > 0 && spawned.pid !== undefined) yieldMore(spawned.pid, yieldsBy);
  spawned.stdin.on("error", () => undefined);
  const seen = new Map<string, LogEvent>();
  const waiting = new Set<(event: LogEvent) => void>();
  for (const stream of [spawned.stdout, spawned.stderr]) {
    createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => {
      log?.line(line);
      const event = parseLogLine(line);
      if (event === null) return;
      seen.set(event.event, event);
      for (const waiter of waiting) waiter(event);
      onEvent?.(event);
    });
  }
  let ended = false;
  const exited = new Promise<string>((done) => {
    const end = (how: string) => {
      ended = true;
      live.delete(child);
      done(how);
    };
    // What it started goes with it, else its pipes stay open.
    spawned.once("exit", () => child.kill());
    // "close", not "exit": the last lines of its log are read by then.
    spawned.once("close", (code, signal) => end(signal ?? `exit code ${code}`));
    spawned.once("error", (error) => end(error.message));
  });
  const signal = (name: NodeJS.Signals, wholeGroup: boolean) => {
    if (ended || spawned.pid === undefined) return;
    try {
      process.kill(wholeGroup && process.platform !== "win32" ? -spawned.pid : spawned.pid, name);
    } catch {
      // It went in between.
    }
  };
  const endsWithin = async (deadlineMs: number) => {
    const timer = new AbortController();
    const late = sleep(deadlineMs, false, { signal: timer.signal }).catch(() => false);
    const first = await Promise.race([exited.then(() => true), late]);
    timer.abort();
    return first;
  };

  const child: Child = {
    pid: spawned.pid ?? 0,
    exited,
    kill: () => signal("SIGKILL", true),
    async stop() {
      signal("SIGTERM", false);
      if (await endsWithin(STOP_DEADLINE_MS)) return;
      signal("SIGKILL", true);
      await endsWithin(KILL_DEADLINE_MS);
    },
    async event(name, { deadlineMs }) {
      const before = seen.get(name);
      if (before) return before;
      const timer = new AbortController();
      let waiter: (event: LogEvent) => void = () => undefined;
      try {
        return await Promise.race([
          new Promise<LogEvent>((done) => {
            waiter = (event) => {
              if (event.event === name) done(event);
            };
            waiting.add(waiter);
          }),
          exited.then((how) => Promise.reject(new Error(`it ended (${how})`))),
          sleep(deadlineMs, undefined, { signal: timer.signal }).then(() => Promise.reject(new Error(`it was not ready within ${deadlineMs / 1000} s`))),
        ]);
      } finally {
        waiting.delete(waiter);
        timer.abort();
      }
    },
  };
  live.add(child);
  return child;
}
