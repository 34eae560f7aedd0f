import { createReadStream } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { Datum } from "./metric.ts";

/** One line a datum; short names, since there is one line a metric a minute. */
const lineSchema = z.object({
  n: z.string(),
  m: z.string(),
  d: z.record(z.string(), z.string()),
  u: z.string(),
  t: z.number(),
  r: z.union([z.literal(1), z.literal(60)]),
  v: z.tuple([z.number(), z.number(), z.number(), z.number()]),
});

function toLine({ namespace, name, dimensions, unit, second, resolutionSeconds, statistics }: Datum): string {
  const { count, sum, minimum, maximum } = statistics;
  return `${JSON.stringify({ n: namespace, m: name, d: dimensions, u: unit, t: second, r: resolutionSeconds, v: [count, sum, minimum, maximum] })}\n`;
}

function fromLine(text: string): Datum {
  const { n, m, d, u, t, r, v } = lineSchema.parse(JSON.parse(text));
  const [count, sum, minimum, maximum] = v;
  return { namespace: n, name: m, dimensions: d, unit: u, second: t, resolutionSeconds: r, statistics: { count, sum, minimum, maximum } };
}

/**
 * Reads what an earlier run wrote. A last line cut off by a kill is left out.
 * @throws when any other line cannot be read.
 */
export async function* readJournal(file: string): AsyncGenerator<Datum> {
  const lines = createInterface({ input: createReadStream(file, "utf8") });
  let torn: unknown;
  let number = 0;
  try {
    for await (const line of lines) {
      if (torn !== undefined) throw new Error(`${file}:${number} cannot be read`, { cause: torn });
      number += 1;
      try {
        yield fromLine(line);
      } catch (error) {
        torn = error;
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** Starts a journal anew with `kept` as its content and appends to it from then on. */
export async function openJournal({ file, kept }: { file: string; kept: Iterable<Datum> }) {
  const fresh = `${file}.new`;
  const handle: FileHandle = await open(fresh, "w");
  const pieces: string[] = [];
  for (const datum of kept) {
    pieces.push(toLine(datum));
    if (pieces.length >= 10_000) await handle.appendFile(pieces.splice(0).join(""));
  }
  await handle.appendFile(pieces.join(""));
  await rename(fresh, file);

  let waiting: string[] = [];
  let writing: Promise<void> = Promise.resolve();

  async function write(before: Promise<void>): Promise<void> {
    // After a failed write the file may end in half a line: nothing may follow it, so the failure stays.
    await before;
    const lines = waiting;
    waiting = [];
    if (lines.length > 0) await handle.appendFile(lines.join(""));
  }

  return {
    /** Takes data for the next flush. */
    add(datum: Datum): void {
      waiting.push(toLine(datum));
    },

    /** Resolves when all that was added is written. @throws what the disk said, now or earlier. */
    flush(): Promise<void> {
      writing = write(writing);
      return writing;
    },

    async close(): Promise<void> {
      try {
        await this.flush();
      } finally {
        await handle.close();
      }
    },
  };
}
