import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Child, startChild } from "./child.ts";
import { type LogFile, openLogFile } from "./log-file.ts";
import { supervise, type Supervised } from "./supervise.ts";

const READY_DEADLINE_MS = 60_000;
const PAGE_TIMEOUT_MS = 20_000;
const POLL_MS = 150;

/** Waits until the child says it is ready, in its own way. */
type Readiness = (child: Child) => Promise<unknown>;

/** Ready by its own word: a log line with the event `ready`. */
export const saysReady: Readiness = (child) => child.event("ready", { deadlineMs: READY_DEADLINE_MS });

/** Ready when the page answers 200. */
export const answersOk =
  (pageUrl: string, { deadlineMs = READY_DEADLINE_MS }: { deadlineMs?: number } = {}): Readiness =>
  async (child) => {
    const ended = child.exited.then((how) => ({ how }));
    const end = performance.now() + deadlineMs;
    let last = "no answer";
    while (performance.now() < end) {
      const outcome = await Promise.race([
        ended,
        fetch(pageUrl, { signal: AbortSignal.timeout(PAGE_TIMEOUT_MS), redirect: "manual" }).then(
          async (response) => (await response.text(), response.status),
          () => null,
        ),
      ]);
      if (outcome === 200) return;
      if (typeof outcome === "object" && outcome !== null) throw new Error(`it ended (${outcome.how})`);
      last = outcome === null ? "no answer" : `status ${outcome}`;
      await sleep(POLL_MS);
    }
    throw new Error(`${pageUrl} was not there within ${deadlineMs / 1000} s (${last})`);
  };

async function startReady(options: { args: string[]; env: Record<string, string>; root: string; log: LogFile; ready: Readiness; yieldsBy: number }): Promise<Child> {
  const { args, env, root, log, ready, yieldsBy } = options;
  log.forgetTail();
  const child = startChild({ args, cwd: root, env, log, yieldsBy });
  try {
    await ready(child);
  } catch (cause) {
    await child.stop();
    throw new Error(`${(cause as Error).message}. The end of ${log.file}:\n${log.tail()}`, { cause });
  }
  return child;
}

/** What `node --watch` says when the process ended by itself, which it keeps to itself otherwise. */
const BROKEN_BY_CHANGE = "Failed running";

/** A log that also tells the terminal when a change broke the process. */
function tellingLog(log: LogFile, { name, tell }: { name: string; tell: (line: string) => void }): LogFile {
  return {
    ...log,
    line(text) {
      log.line(text);
      if (text.startsWith(BROKEN_BY_CHANGE)) tell(`${name} ended after a change, and waits for the next one. The end of ${log.file}:\n${log.tail()}`);
    },
  };
}

/**
 * Starts one of our processes, keeps it alive, its output in `logs/<file>.log` of the state folder.
 * @param yieldsBy how much more readily it leaves the processor to others, in steps of nice(1).
 */
export async function keepProcess({
  name,
  file,
  args,
  env,
  root,
  stateDirectory,
  ready,
  tell,
  yieldsBy = 0,
}: {
  name: string;
  file: string;
  args: string[];
  env: Record<string, string>;
  root: string;
  stateDirectory: string;
  ready: Readiness;
  tell: (line: string) => void;
  yieldsBy?: number;
}): Promise<Supervised> {
  const log = tellingLog(openLogFile(join(stateDirectory, "logs", `${file}.log`)), { name, tell });
  const kept = await supervise({ name, tell, start: () => startReady({ args, env, root, log, ready, yieldsBy }) });
  return {
    close: async () => {
      await kept.close();
      log.close();
    },
  };
}
