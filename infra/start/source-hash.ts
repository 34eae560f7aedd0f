import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";

/** What the web app is built from. */
const SOURCES = ["app", "components", "lib", "public", "prisma/schema.prisma", "next.config.ts", "proxy.ts", "instrumentation.ts", "instrumentation-client.ts", "postcss.config.mjs", "postcss.config.cjs", "tsconfig.json", "package.json", "package-lock.json"];
const NOT_BUILT = [/\.test\.tsx?$/, /^lib\/local\//];

async function filesUnder(root: string, path: string): Promise<string[]> {
  const found = await stat(join(root, path)).catch(() => null);
  if (found === null) return [];
  if (!found.isDirectory()) return [path];
  const names = await readdir(join(root, path), { recursive: true, withFileTypes: true });
  return names.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/**
 * SHA-256 over names and contents of what the web app is built from. Contents, not times: a fresh clone with a kept
 * build finds it fresh, and a checkout of another version does not.
 */
export async function sourceHash(root: string): Promise<string> {
  const lists = await Promise.all(SOURCES.map((path) => filesUnder(root, path)));
  const hash = createHash("sha256");
  const files = lists.flat().map((file) => file.replaceAll("\\", "/"));
  for (const file of files.filter((name) => !NOT_BUILT.some((pattern) => pattern.test(name))).sort()) {
    hash.update(`${file}\0`).update(createHash("sha256").update(await readFile(join(root, file))).digest());
  }
  return hash.digest("hex");
}
