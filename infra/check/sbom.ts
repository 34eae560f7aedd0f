import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readSbom } from "./cyclonedx.ts";

/**
 * `npm run sbom [-- <file>]`: writes what is installed as a CycloneDX document, read by npm from the lock file alone; no
 * network is needed.
 */
const ROOT = join(import.meta.dirname, "..", "..");
const DEFAULT_FILE = "sbom.cdx.json";

const { stdout, stderr, status, error } = spawnSync("npm", ["sbom", "--package-lock-only", "--sbom-format=cyclonedx", "--sbom-type=application"], {
  cwd: ROOT,
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
  shell: process.platform === "win32",
});
const whyNot = error?.message ?? (status === 0 ? null : stderr.trim().split("\n").at(-1));
if (whyNot !== null) {
  console.error(`npm could not write the document (it needs npm 10 or later): ${whyNot}`);
  process.exit(1);
}
const sbom = readSbom(stdout);
const file = resolve(process.argv[2] ?? DEFAULT_FILE);
await writeFile(file, `${JSON.stringify(sbom, null, 2)}\n`);
console.log(`${sbom.components.length} packages written to ${file}`);
