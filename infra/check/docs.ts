import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { references } from "./doc-references.ts";

/** `npm run docs`: paths and npm scripts that the documents name exist, and each script and each page can be found from them. */
const ROOT = join(import.meta.dirname, "..", "..");
const packageSchema = z.object({ scripts: z.record(z.string(), z.string()) });

async function documents(): Promise<string[]> {
  const inDocs = existsSync(join(ROOT, "docs")) ? await readdir(join(ROOT, "docs"), { recursive: true }) : [];
  const pages = inDocs.filter((name) => name.endsWith(".md")).map((name) => `docs/${name.replaceAll("\\", "/")}`);
  return ["README.md", "CHANGELOG.md", ...pages.sort()];
}

const { scripts } = packageSchema.parse(JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")));
const faults: string[] = [];
const named = new Set<string>();
let checked = 0;
const all = await documents();
for (const document of all) {
  const text = await readFile(join(ROOT, document), "utf8").catch(() => null);
  if (text === null) {
    faults.push(`${document} is missing`);
    continue;
  }
  const folder = dirname(document);
  for (const { kind, name, line } of references(text, folder === "." ? "" : folder)) {
    checked += 1;
    // What changed tells nobody how to begin, and links between pages no newcomer where they are.
    if (kind === "script" ? document !== "CHANGELOG.md" : document === "README.md") named.add(`${kind} ${name}`);
    if (kind === "script" ? !(name in scripts) : !existsSync(join(ROOT, name))) {
      faults.push(`${document}:${line} names ${kind === "script" ? `npm script ${name}` : name}, which does not exist`);
    }
  }
}
for (const script of Object.keys(scripts)) if (!named.has(`script ${script}`)) faults.push(`no document names npm script ${script}`);
for (const page of all) if (page !== "README.md" && !named.has(`path ${page}`)) faults.push(`README.md does not lead to ${page}`);
for (const fault of faults) console.error(fault);
console.log(`docs: ${checked} references checked, ${faults.length} wrong`);
process.exitCode = faults.length === 0 ? 0 : 1;
