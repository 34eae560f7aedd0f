import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface RunLog {
  path: string;
  /** Appends one line of JSON, with the time. */
  line: (entry: object) => void;
  /** Waits for the last line. @param keep false removes the log. */
  close(keep: boolean): Promise<void>;
}

/** The log of a run: what producers meant to do and saw, the workers' steps, faults and final dumps, line by line. */
export async function openRunLog(): Promise<RunLog> {
  const directory = await mkdtemp(join(tmpdir(), "spillway-chaos-"));
  const path = join(directory, "log.jsonl");
  const stream = createWriteStream(path);
  return {
    path,
    line: (entry) => void stream.write(`${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`),
    async close(keep) {
      await new Promise<void>((done) => stream.end(done));
      if (!keep) await rm(directory, { recursive: true, force: true });
    },
  };
}
