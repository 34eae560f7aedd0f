import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { expect, test } from "@playwright/test";
import { type ApiProcess, startApi } from "#e2e/api-process.ts";
import { type Example, examplesOf, placed } from "#e2e/doc-examples.ts";
import { type PageServer, servePages } from "#e2e/page-server.ts";
import { openStack, type Stack } from "#e2e/stack.ts";
import { activityInputSchema } from "#lib/contracts/activity.ts";

/*
 * The examples of the documents for producers are run as they stand there, in a folder that looks like the one of a
 * start: only address and key are this test's.
 */
test.describe.configure({ mode: "serial" });

const DOCUMENTS = ["docs/api.md", "docs/tracker.md"];
const STORED_MS = 120_000;

let stack: Stack;
let pages: PageServer;
let api: ApiProcess;
let folder: string;
let examples: Example[];

test.beforeAll(async () => {
  stack = await openStack();
  folder = await mkdtemp(join(tmpdir(), "doc-examples-"));
  pages = await servePages(folder);
  api = await startApi(stack, pages.origin);
  await mkdir(join(folder, ".spillway"));
  await writeFile(join(folder, ".spillway", "api-key"), `${stack.apiKey}\n`);
  examples = (await Promise.all(DOCUMENTS.map(examplesOf))).flat();
});

test.afterAll(async () => {
  await api.kill();
  pages.close();
  stack.close();
  await rm(folder, { recursive: true });
});

const here = (one: Example) => placed(one.text, { url: api.url, apiKey: stack.apiKey });
const of = (language: string) => examples.filter((one) => one.language === language);
const isStored = async (id: string) => (await stack.rows()).some((row) => row.id === id);
const mayRead = async () => (await fetch(`${api.url}/v1/users/maria/activities`, { headers: { authorization: `Bearer ${stack.apiKey}` } })).ok;

/** Runs a program in the folder. Its errors are part of the output where they are expected to be empty. */
async function run(program: string, args: readonly string[]): Promise<{ code: number | null; out: string; error: string }> {
  const child = spawn(program, args, { cwd: folder, env: { ...process.env, READ_KEY: stack.apiKey }, stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 });
  const closed = new Promise<number | null>((done) => child.once("close", done));
  const [out, error, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, out, error };
}

test("every example says what runs it", () => {
  const known = new Set(["sh", "js node", "js page", "html page"]);
  expect(examples.filter(({ language }) => !known.has(language)).map(({ document, line, language }) => `${document}:${line} ${language}`)).toEqual([]);
});

test("the commands are answered as the text says", async () => {
  const commands = of("sh").filter((one) => one.text.includes("curl "));
  expect(commands.length).toBeGreaterThan(0);
  for (const one of commands) {
    const place = `${one.document}:${one.line}`;
    // Sends come before reads in the text, and what was sent is stored at the drain rate.
    if (one.text.includes("/v1/users/")) {
      await expect.poll(() => isStored("order-1001"), { timeout: STORED_MS }).toBe(true);
      // A new process has its part of the read units within 2 seconds, and refuses until then.
      await expect.poll(mayRead, { timeout: 30_000 }).toBe(true);
    }
    const { code, out } = await run("sh", ["-ec", here(one)]);
    expect([place, code]).toEqual([place, 0]);
    const [head = "", body = ""] = out.split("\r\n\r\n").slice(-2);
    expect([place, Number(head.split(" ")[1])]).toEqual([place, one.text.includes("/v1/users/") ? 200 : 202]);
    if (one.answer !== null) expect(shapeOf(JSON.parse(body))).toEqual(shapeOf(JSON.parse(one.answer)));
  }
});

/** The answer less what differs from time to time: instants of our clock, and sequence numbers. */
function shapeOf(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer, (name, value: unknown) => (["acceptedAt", "storedAt", "expiresAt", "asOf", "sequence"].includes(name) ? typeof value : value)));
}

test("the tracker is built by the documented command", async () => {
  const command = of("sh").find((one) => one.text.includes("tracker:build"));
  expect(command?.text).toMatch(/^npm run tracker:build -- [\w/]+$/);
  const { code, out, error } = await run(process.execPath, [resolve("infra", "tracker", "main.ts"), folder]);
  expect([code, error]).toEqual([0, ""]);
  expect(out).toContain("gzipped");
});

test("the Node programs send, and what they send is stored", async () => {
  test.setTimeout(240_000);
  const programs = of("js node");
  expect(programs.map(({ document }) => document)).toEqual(["docs/api.md", "docs/tracker.md", "docs/tracker.md"]);
  for (const [index, one] of programs.entries()) {
    const file = join(folder, `program-${index}.mjs`);
    await writeFile(file, here(one));
    const { code, out, error } = await run(process.execPath, [file]);
    expect([one.line, code, error]).toEqual([one.line, 0, ""]);
    const id = out.trim();
    expect(activityInputSchema.shape.id.safeParse(id).success).toBe(true);
    await expect.poll(() => isStored(id), { timeout: STORED_MS }).toBe(true);
  }
});

test("what a killed process left in the documented storage, the next one sends", async () => {
  test.setTimeout(180_000);
  const program = of("js node").find((one) => one.text.includes("fileStorage"));
  if (!program) throw new Error("no document has a storage of files");
  const file = join(folder, "killed.mjs");
  // It stays, and tells that a request has failed.
  await writeFile(file, `${here(program).replace("storage:", 'onError: () => console.log("failed"), storage:')}\nsetInterval(() => undefined, 1_000);\n`);
  await api.kill();
  const child = spawn(process.execPath, [file], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line === "failed") child.kill("SIGKILL");
  }
  const [left = ""] = lines;
  await api.start();
  const { code, out } = await run(process.execPath, [join(folder, "program-2.mjs")]);
  expect(code).toBe(0);
  for (const id of [left, out.trim()]) await expect.poll(() => isStored(id), { timeout: STORED_MS }).toBe(true);
});

test("the pages send, and what they send is stored", async ({ browser }) => {
  test.setTimeout(240_000);
  const shown = [...of("html page"), ...of("js page")];
  expect(shown.length).toBeGreaterThan(2);
  for (const one of shown) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => problems.push(message.text()));
    pages.show(one.language === "html page" ? here(one) : `<!doctype html><meta charset="utf-8"><button>Go</button><output></output><script type="module">\n${here(one)}\n</script>`);
    await page.goto(pages.origin);
    const button = page.getByRole("button");
    await button.click();
    const output = page.locator("output");
    await expect(output).not.toBeEmpty();
    const id = (await output.textContent()) ?? "";
    await page.goto("about:blank");
    await expect.poll(() => isStored(id), { timeout: STORED_MS, message: `${one.document}:${one.line} stores what it sends` }).toBe(true);
    expect([one.line, problems]).toEqual([one.line, []]);
    await context.close();
  }
});
