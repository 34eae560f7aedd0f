import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** One way into the dashboard's server. */
export interface Endpoint {
  /** `GET /api/drain`, the pattern as Next writes it; the form of the permission table's keys. */
  name: string;
  file: string;
}

/** HEAD and OPTIONS are Next's own for a route that has none. */
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;
const ONE = new RegExp(`^export\\s+(?:async\\s+)?(?:function\\*?|const|let|var)\\s+(${METHODS.join("|")})\\b`, "gm");
const SEVERAL = /^export\s+(?:(?:const|let|var)\s+)?\{([^}]*)\}/gm;
const ALL = /^export\s+\*/m;
const ACTION = /^\s*["']use server["']/m;
const SOURCE = /\.[jt]sx?$/;
const TEST = /\.(test|spec)\.[jt]sx?$/;

/** The methods that a route's module exports. @throws when they cannot be told from its text. */
export function methodsOf(source: string): string[] {
  if (ALL.test(source)) throw new Error("a route must name what it exports");
  const named = [...source.matchAll(SEVERAL)].flatMap(([, list = ""]) => list.split(",").map((part) => part.trim().split(/\s+as\s+|\s*:\s*/).at(-1) ?? ""));
  const found = new Set([...[...source.matchAll(ONE)].map(([, name = ""]) => name), ...named]);
  return METHODS.filter((method) => found.has(method));
}

/** Whether a module makes functions that a browser may call. */
export function hasServerAction(source: string): boolean {
  return ACTION.test(source);
}

/** Groups and slots are no part of an address. */
function patternOf(folder: string): string {
  const parts = folder.split(sep).filter((part) => part !== "" && !part.startsWith("(") && !part.startsWith("@"));
  return `/${parts.join("/")}`;
}

async function sources(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)));
  return files.filter((file) => SOURCE.test(file) && !TEST.test(file)).toSorted();
}

/** Every page and route in the sources, and every module with server actions as `ACTION <file>`. */
export async function endpointsOf(root: string): Promise<Endpoint[]> {
  const found: Endpoint[] = [];
  for (const folder of ["app", "components", "lib"]) {
    for (const file of await sources(root, folder)) {
      const text = await readFile(join(root, file), "utf8");
      if (hasServerAction(text)) found.push({ name: `ACTION ${file}`, file });
      const [, inApp, kind] = /^app[\\/](?:(.*)[\\/])?(page|route)\.[jt]sx?$/.exec(file) ?? [];
      if (kind === undefined) continue;
      const methods = kind === "page" ? ["GET"] : methodsOf(text);
      if (methods.length === 0) throw new Error(`${file} exports no method`);
      found.push(...methods.map((method) => ({ name: `${method} ${patternOf(inApp ?? "")}`, file })));
    }
  }
  return found;
}
