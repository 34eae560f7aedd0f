import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";

const SOURCE = join(import.meta.dirname, "..", "..", "lib", "tracker");
const NAME = "spillway-tracker";

/** What the module exports beyond its types. */
const DECLARATION = `
/**
 * Makes a tracker: what \`track()\` gave an id for is sent until the API has it, each activity with that id at every try,
 * one user's in order. Never throws; wrong options make one that takes nothing and says so through \`onError\`.
 */
export declare function createTracker(options: TrackerOptions): Tracker;
`;

/**
 * Writes the tracker as one plain module for browsers and Node, minified, with its types beside it.
 * @returns the files, and the script's size in bytes as it is and gzipped.
 */
export async function buildTracker(folder: string): Promise<{ script: string; types: string; bytes: number; gzippedBytes: number }> {
  const bundle = await rolldown({ input: join(SOURCE, "tracker.ts"), platform: "neutral" });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  await bundle.close();
  const [{ code }] = output;
  const script = join(folder, `${NAME}.js`);
  const types = join(folder, `${NAME}.d.ts`);
  await mkdir(folder, { recursive: true });
  await Promise.all([writeFile(script, code), writeFile(types, (await readFile(join(SOURCE, "types.ts"), "utf8")) + DECLARATION)]);
  return { script, types, bytes: Buffer.byteLength(code), gzippedBytes: gzipSync(code, { level: 9 }).length };
}
