import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { getPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "#infra/testing/until.ts";
import { withoutAws } from "#lib/config/local.ts";
import { killAllChildren, startChild } from "./child.ts";
import { openLogFile } from "./log-file.ts";

const CHILD_MODULE = new URL("child.ts", import.meta.url).href;
const env = withoutAws(process.env);
let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "spillway-child-"));
});
afterEach(async () => {
  killAllChildren();
  await rm(directory, { recursive: true, force: true });
});

async function script(name: string, text: string): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const READY = 'console.log(JSON.stringify({ event: "ready", pid: process.pid }));';
const FOREVER = "setInterval(() => {}, 1000);";

test("events are read from its log lines, and all lines are kept in the log", async () => {
  const log = openLogFile(join(directory, "logs", "x.log"));
  const child = startChild({ args: [await script("a.mjs", `console.log("words"); ${READY} ${FOREVER}`)], env, log });
  expect(await child.event("ready", { deadlineMs: 10_000 })).toMatchObject({ event: "ready", pid: child.pid });
  await child.stop();
  expect(await child.exited).toBe("SIGTERM");
  expect(log.tail()).toContain("words");
  log.close();
  await until(async () => (await readFile(log.file, "utf8")).includes('"ready"'), { deadlineMs: 5_000 });
});

test("a child leaves the processor to others as readily as it is told, and otherwise as its parent does", async () => {
  const file = await script("child.mjs", FOREVER);
  const [usual, yielding] = [startChild({ args: [file], env }), startChild({ args: [file], env, yieldsBy: 3 })];
  expect([getPriority(usual.pid), getPriority(yielding.pid)]).toEqual([getPriority(), Math.min(19, getPriority() + 3)]);
  await Promise.all([usual.stop(), yielding.stop()]);
});

test("a child that ends first is no ready child, and its last words are kept", async () => {
  const log = openLogFile(join(directory, "x.log"));
  const child = startChild({ args: [await script("a.mjs", 'console.error("no such queue"); process.exit(78);')], env, log });
  await expect(child.event("ready", { deadlineMs: 10_000 })).rejects.toThrow("it ended (exit code 78)");
  expect(log.tail()).toBe("no such queue");
});

test("a child that never says it is ready is not waited for beyond the deadline", async () => {
  const child = startChild({ args: [await script("a.mjs", FOREVER)], env });
  await expect(child.event("ready", { deadlineMs: 100 })).rejects.toThrow("not ready within 0.1 s");
  await child.stop();
});

test("children end when the parent is killed outright", async () => {
  const grandchild = await script("grandchild.mjs", `${READY} ${FOREVER}`);
  const parent = startChild({
    args: [
      await script(
        "parent.mjs",
        `import { startChild } from ${JSON.stringify(CHILD_MODULE)};
         const child = startChild({ args: [${JSON.stringify(grandchild)}], env: process.env });
         await child.event("ready", { deadlineMs: 10000 });
         console.log(JSON.stringify({ event: "started", pid: child.pid }));`,
      ),
    ],
    env,
  });
  const { pid } = await parent.event("started", { deadlineMs: 20_000 });
  process.kill(parent.pid, "SIGKILL");
  await parent.exited;
  await until(() => !isAlive(Number(pid)), { deadlineMs: 10_000, what: "the grandchild's end" });
});
