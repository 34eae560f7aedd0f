import { spawn, spawnSync } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildTracker } from "./build.ts";

/** Most that a page should have to load for it, gzipped. */
const MOST_BYTES = 7_000;

let folder: string;
let built: Awaited<ReturnType<typeof buildTracker>>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tracker-build-"));
  built = await buildTracker(folder);
});
afterAll(() => rm(folder, { recursive: true }));

it("is one small module that imports nothing", async () => {
  expect(await readFile(built.script, "utf8")).not.toMatch(/\b(?:import|require)\b/);
  expect(built.gzippedBytes).toBeLessThan(MOST_BYTES);
});

it("sends what a Node process tracked, though the process does nothing for it at its end", async () => {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      bodies.push(body);
      const results = (JSON.parse(body) as { id: string; occurredAt: string }[]).map(({ id, occurredAt }) => ({ status: "accepted", id, occurredAt }));
      response.writeHead(202).end(JSON.stringify({ results }));
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const program = join(folder, "program.mjs");
  await writeFile(
    program,
    `import { createTracker } from ${JSON.stringify(pathToFileURL(built.script).href)};
     const tracker = createTracker({ url: ${JSON.stringify(url)}, apiKey: "sw_live_test", flushIntervalMs: 3600000 });
     console.log(tracker.track({ userId: "maria", type: "t" }));`,
  );
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
  let id = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (id += chunk));
  expect(await once(child, "close")).toEqual([0, null]);
  server.close();
  server.closeAllConnections();
  expect(bodies.map((body) => (JSON.parse(body) as { id: string }[]).map((one) => one.id))).toEqual([[id.trim()]]);
});

it("has types that say what it takes", async () => {
  const program = join(folder, "program.ts");
  await writeFile(
    program,
    `import { createTracker, type Refusal, type Tracker } from "./spillway-tracker.js";
     const refusals: Refusal[] = [];
     const tracker: Tracker = createTracker({ url: "https://a.example", apiKey: "k", storage: localStorage, onRefused: (one) => refusals.push(one) });
     export const id: string | null = tracker.track({ userId: "u", type: "t", properties: { a: 1 } });
     export const left: Promise<number> = tracker.close();
     // @ts-expect-error an activity has a type
     tracker.track({ userId: "u" });
     // @ts-expect-error a key is needed
     createTracker({ url: "https://a.example" });`,
  );
  expect(typeCheck(program)).toEqual({ status: 0, stdout: "" });
});

it("may be copied as a folder: it stands alone, also without Node's types", async () => {
  const copy = join(folder, "tracker");
  await cp(join(import.meta.dirname, "..", "..", "lib", "tracker"), copy, { recursive: true, filter: (path) => !path.endsWith(".test.ts") });
  expect(typeCheck(join(copy, "tracker.ts"))).toEqual({ status: 0, stdout: "" });
});

/** The compiler as another project may have set it. */
function typeCheck(program: string): { status: number | null; stdout: string } {
  const tsc = join(import.meta.dirname, "..", "..", "node_modules", "typescript", "bin", "tsc");
  const options = "--ignoreConfig --noEmit --strict --exactOptionalPropertyTypes --allowImportingTsExtensions --target es2022 --lib es2022,dom --moduleResolution bundler --module esnext --types";
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options.split(" "), "", program], { cwd: folder, encoding: "utf8" });
  return { status, stdout };
}
