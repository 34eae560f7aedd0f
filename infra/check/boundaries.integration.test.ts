import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");
/** A folder with the project's rules and nothing of its sources. */
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "spillway-boundaries-"));
  await cp(join(ROOT, "oxlint.config.ts"), join(root, "oxlint.config.ts"));
  await cp(join(ROOT, "package.json"), join(root, "package.json"));
  await symlink(join(ROOT, "node_modules"), join(root, "node_modules"));
});
afterAll(() => rm(root, { recursive: true }));

/** What the linter says of files that all have this source, by file; what they import need not be there. */
async function lint(files: readonly string[], source: string): Promise<Map<string, string>> {
  for (const file of files) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), source);
  }
  const oxlint = join(ROOT, "node_modules", "oxlint", "bin", "oxlint");
  const { stdout, stderr, error } = spawnSync(process.execPath, [oxlint, "--format", "unix", ...files], { cwd: root, encoding: "utf8" });
  if (error) throw error;
  expect(stderr).toBe("");
  const lines = stdout.split("\n");
  return new Map(files.map((file) => [file, lines.filter((line) => line.startsWith(`${file}:`)).join("\n")]));
}

const SCRIPT = 'import { allowScript } from "#lib/auth/scripts.ts";\nexport const by = allowScript("queue:read", "x");\n';
const CLOSED = ["app/api/x/route.ts", "app/server/x.ts", "app/x/page.tsx", "components/overview/x.ts", "components/ui/x.ts", "components/charts/x.ts", "lib/http/x.ts", "lib/services/x/x.ts", "worker/x.ts", "public-api/x.ts"];
const OPEN = ["infra/x/main.ts", "lib/services/x/x.test.ts", "app/x/x.test.ts"];

it("scripts alone, and tests, give themselves a right: no page, no route and nothing below them", async () => {
  const said = await lint([...CLOSED, ...OPEN], SCRIPT);
  for (const file of CLOSED) expect(said.get(file), file).toContain("'#lib/auth/scripts.ts' import is restricted");
  for (const file of OPEN) expect(said.get(file), file).toBe("");
});
