import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A process and all below it. */
async function tree(root: number): Promise<number[]> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid="]);
  const children = Map.groupBy(
    stdout.trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number)),
    ([, parent]) => parent,
  );
  const found: number[] = [];
  const below = [root];
  for (let pid = below.pop(); pid !== undefined; pid = below.pop()) {
    found.push(pid);
    for (const [child] of children.get(pid) ?? []) if (child !== undefined) below.push(child);
  }
  return found;
}

/**
 * Hangs PostgreSQL: every process of it stops where it stands, connections stay open and nothing answers.
 * @returns lets it go on.
 */
export async function hangPostgres(pid: number): Promise<() => void> {
  const pids = await tree(pid);
  const signal = (name: NodeJS.Signals) => {
    for (const one of pids) {
      try {
        process.kill(one, name);
      } catch {
        // A backend that ended meanwhile.
      }
    }
  };
  signal("SIGSTOP");
  return () => signal("SIGCONT");
}
