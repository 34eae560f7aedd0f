import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { installed } from "./installed.ts";
import { licenceList } from "./licence-list.ts";
import { lockedPackages } from "./supply-chain.ts";

const run = async (script: string, ...args: string[]) => (await promisify(execFile)(process.execPath, [join(import.meta.dirname, script), ...args])).stdout;

/** The parts of CycloneDX 1.x (https://cyclonedx.org/docs/1.5/json/) that its readers lean on. */
const componentSchema = z.looseObject({
  type: z.enum(["application", "library"]),
  "bom-ref": z.string().min(1),
  name: z.string().min(1),
  version: z.string().min(1),
  purl: z.string().regex(/^pkg:npm\/[^@]+@[^@]+$/),
});
const documentSchema = z.looseObject({
  $schema: z.string().regex(/^http:\/\/cyclonedx\.org\/schema\/bom-1\.\d\.schema\.json$/),
  bomFormat: z.literal("CycloneDX"),
  specVersion: z.string().regex(/^1\.\d$/),
  serialNumber: z.string().regex(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
  version: z.int().min(1),
  metadata: z.looseObject({ timestamp: z.iso.datetime(), component: componentSchema.extend({ name: z.literal("spillway") }) }),
  components: z.array(componentSchema.extend({ hashes: z.array(z.looseObject({ alg: z.literal("SHA-512"), content: z.string().regex(/^[0-9a-f]{128}$/) })).length(1) })),
  dependencies: z.array(z.looseObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

test("npm run sbom writes a CycloneDX document of all that is installed, each with its hash", async () => {
  const folder = await mkdtemp(join(tmpdir(), "spillway-sbom-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "out.cdx.json");
  const stdout = await run("sbom.ts", file);
  const { components, dependencies, metadata } = documentSchema.parse(JSON.parse(await readFile(file, "utf8")));

  expect(stdout).toBe(`${components.length} packages written to ${file}\n`);
  const packages = lockedPackages((await installed()).lock).map(({ name, version }) => `${name}@${version}`);
  expect(components.map(({ name, version }) => `${name}@${version}`).toSorted()).toEqual(packages.toSorted());
  // Every reference leads somewhere, and to one thing.
  const refs = [metadata.component, ...components].map((component) => component["bom-ref"]);
  expect(new Set(refs).size).toBe(refs.length);
  const ends = [dependencies.map(({ ref }) => ref), ...dependencies.map(({ dependsOn }) => dependsOn)].flat();
  expect(ends.filter((ref) => !refs.includes(ref))).toEqual([]);
});

test("npm run licences prints a line for each package that is installed", async () => {
  const { lock } = await installed();
  const stdout = await run("licences.ts");
  expect(stdout).toBe(`${licenceList(lock).join("\n")}\n`);
  for (const { name, version } of lockedPackages(lock)) expect(stdout).toContain(`${name}@${version} `);
});
