import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sourceHash } from "./source-hash.ts";

let root = "";
const put = async (path: string, text: string) => {
  await mkdir(join(root, path, ".."), { recursive: true });
  await writeFile(join(root, path), text);
};
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "spillway-hash-"));
  await put("app/page.tsx", "page");
  await put("lib/view/x.ts", "x");
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

test("changes with contents and names, not with times", async () => {
  const first = await sourceHash(root);
  await utimes(join(root, "app/page.tsx"), 1, 1);
  expect(await sourceHash(root)).toBe(first);
  await put("app/page.tsx", "other");
  const second = await sourceHash(root);
  expect(second).not.toBe(first);
  await put("app/other.tsx", "");
  expect(await sourceHash(root)).not.toBe(second);
});

test("what is not built does not count", async () => {
  const first = await sourceHash(root);
  await put("app/page.test.tsx", "test");
  await put("lib/local/sqs/server.ts", "stand-in");
  await put("worker/main.ts", "worker");
  expect(await sourceHash(root)).toBe(first);
});
