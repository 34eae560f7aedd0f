import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { makeApiKey } from "#infra/testing/api-key.ts";
import { startStack, type Stack } from "#infra/testing/stack.ts";
import { until } from "#infra/testing/until.ts";
import { activityReadAnswerSchema } from "#lib/contracts/activity-read.ts";
import { createActivityTable, toItem } from "#lib/gateways/activity-table.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";

const AT = "2026-01-31T12:00:00.000Z";
const USER = "maria@example.com";

let stack: Stack;
let db: Db;
let key: string;
const children: ChildProcessWithoutNullStreams[] = [];

beforeAll(async () => {
  stack = await startStack();
  db = openDb({ databaseUrl: stack.backend.databaseUrl, applicationName: "test", poolSize: 2 });
  key = await makeApiKey({ db, queue: stack.backend.queue, scopes: ["read"] });
  await createActivityTable({ client: stack.clients.dynamodb, table: stack.backend.table }).put(
    toItem({ id: "a", userId: USER, type: "t", occurredAt: AT }, { acceptedAt: AT, storedAt: AT, sequence: "1", retentionDays: 0 }),
  );
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(async () => {
  await db.$disconnect();
  await stack.close();
});

async function startProcess(environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, ["public-api/main.ts"], { env: { ...stack.env, PUBLIC_API_PORT: "0", NODE_ENV: "test", ...environment } });
  children.push(child);
  const lines: string[] = [];
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  createInterface(child.stdout).on("line", (line) => lines.push(line));
  const ready = await until(() => lines.find((line) => line.includes('"event":"ready"')), { deadlineMs: 20_000, what: "ready" });
  const { port } = JSON.parse(ready) as { port: number };
  return {
    child,
    port,
    lines,
    output: () => lines.join("\n") + errors,
    read: () => fetch(`http://127.0.0.1:${port}/v1/users/${encodeURIComponent(USER)}/activities`, { headers: { Authorization: `Bearer ${key}` } }),
  };
}

type Process = Awaited<ReturnType<typeof startProcess>>;
const readsAgain = ({ read }: Process) =>
  until(async () => read().then((response) => (response.status === 200 ? response : null)), { deadlineMs: 10_000, what: "a page" });

it("reads in several processes that share the units, goes on while Postgres is away, and leaves its part when it ends", async () => {
  const first = await startProcess();
  // At once: the first part is worth a short wait, the first unit a second's.
  const page = activityReadAnswerSchema.parse(await (await readsAgain(first)).json());
  expect(page.activities).toMatchObject([{ id: "a", userId: USER }]);
  const second = await startProcess();
  await readsAgain(second);
  const parts = () => db.readShare.findMany({ where: { queue: stack.backend.queue, budget: "open-api" }, select: { part: true, address: true } });
  await until(async () => (await parts()).every(({ part }) => part === 0.5), { deadlineMs: 10_000 });
  expect(new Set((await parts()).map(({ address }) => address)).size).toBe(2);

  // Killed, its part would be held for a minute; started at the same address, it has it at once.
  second.child.kill("SIGKILL");
  await once(second.child, "exit");
  const again = await startProcess({ PUBLIC_API_PORT: String(second.port) });
  await readsAgain(again);
  expect(await parts()).toHaveLength(2);

  await stack.postgres.stop();
  await until(() => first.lines.some((line) => line.includes("read_budget_unrenewed")), { deadlineMs: 10_000 });
  await readsAgain(first);
  await stack.postgres.startAgain();
  await until(() => first.lines.some((line) => line.includes("read_budget_renewed_again")), { deadlineMs: 20_000 });

  again.child.kill("SIGTERM");
  expect(await once(again.child, "exit")).toEqual([0, null]);
  await until(async () => (await parts()).length === 1 && (await parts())[0]?.part === 1, { deadlineMs: 10_000 });
  expect(stack.dynamodb.consumed(stack.backend.table).every(({ throttledReads }) => throttledReads === 0)).toBe(true);
  for (const { output } of [first, second, again]) expect(output()).not.toMatch(/maria/);
});
