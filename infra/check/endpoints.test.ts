import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ENDPOINTS } from "#lib/auth/permissions.ts";
import { endpointsOf, hasServerAction, methodsOf } from "./endpoints.ts";

describe("the permission table", async () => {
  const endpoints = await endpointsOf(join(import.meta.dirname, "..", ".."));
  const names = endpoints.map(({ name }) => name);

  it("has a row for every page, route and action in the sources", () => {
    expect(names.length).toBeGreaterThan(15);
    expect(names.filter((name) => !(name in ENDPOINTS))).toEqual([]);
  });

  it("names each endpoint once", () => {
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });
});

describe("what is found in sources", () => {
  it.each([
    ["export const GET = defineRoute({})", ["GET"]],
    ["export async function POST(request: Request) {}", ["POST"]],
    ["export const { GET, POST: PUT } = handlers;", ["GET", "PUT"]],
    ["const get = 1;\nexport { get as GET, DELETE };", ["GET", "DELETE"]],
    ["export function PATCH() {}\nexport const HEAD = 1, x = 2;", ["PATCH", "HEAD"]],
    ["// export const GET\nexport const GETTER = 1; const POST = 2;", []],
  ])("%j exports %j", (source, methods) => {
    expect(methodsOf(source)).toEqual(methods);
  });

  it("a module that exports it knows not what is refused", () => {
    expect(() => methodsOf('export * from "./x.ts"')).toThrow("must name");
  });

  it("a server action, in a file of its own or within a function", () => {
    expect(hasServerAction('"use server";\nexport async function act() {}')).toBe(true);
    expect(hasServerAction("async function act() {\n  'use server';\n}")).toBe(true);
    expect(hasServerAction('import "server-only";')).toBe(false);
  });

  it("pages, routes and actions of a folder, groups and slots left out of the address", async () => {
    const root = await mkdtemp(join(tmpdir(), "spillway-endpoints-"));
    onTestFinished(() => rm(root, { recursive: true }));
    const files: Record<string, string> = {
      "app/page.tsx": "export default function Page() {}",
      "app/(signed-in)/x/[id]/page.tsx": "export default function Page() {}",
      "app/api/[...all]/route.ts": "export const { GET, POST } = x;",
      "app/@slot/y/page.jsx": "export default function Page() {}",
      "app/x/page.test.tsx": "",
      "lib/actions.ts": '"use server";',
      "components/page.tsx": "",
    };
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, file)), { recursive: true });
      await writeFile(join(root, file), text);
    }
    const names = (await endpointsOf(root)).map(({ name }) => name);
    expect(names.toSorted()).toEqual(["ACTION lib/actions.ts", "GET /", "GET /api/[...all]", "GET /x/[id]", "GET /y", "POST /api/[...all]"]);
  });
});
