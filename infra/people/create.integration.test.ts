import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testPeople } from "#infra/testing/people.ts";
import { type RestartablePostgres, startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { redeemLink } from "#lib/auth/sign-in.ts";
import { localEnvironment } from "#lib/config/local.ts";

let postgres: RestartablePostgres;
let given: ReturnType<typeof testPeople>;
beforeAll(async () => {
  postgres = await startPostgresOnly();
  given = testPeople({ databaseUrl: postgres.databaseUrl });
});
afterAll(async () => {
  await given?.close();
  await postgres?.close();
});

async function userCreate(args: string[], env: Record<string, string> = {}) {
  const away = "http://127.0.0.1:1";
  const queueUrl = `${away}/000000000000/activities.fifo`;
  const places = localEnvironment({ databaseUrl: postgres.databaseUrl, sqsUrl: away, dynamodbUrl: away, cloudwatchUrl: away, queueUrl, deadLetterQueueUrl: queueUrl });
  const child = spawn(process.execPath, ["infra/people/create.ts", ...args], { env: { NODE_ENV: "test", PUBLIC_URL: "https://spillway.example.com", ...places, ...env } });
  const said = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].on("data", (chunk: Buffer) => {
      said[stream] += chunk.toString();
    });
  }
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...said };
}

test("the first admin comes in by the link that it prints, which stands nowhere else", async () => {
  const { code, stdout, stderr } = await userCreate(["--email", "Ada@example.com", "--name", "Ada"]);
  expect([code, stderr]).toEqual([0, expect.stringContaining("Added Ada <ada@example.com>, admin.")]);
  expect(stdout).toMatch(/^https:\/\/spillway\.example\.com\/invitation#[\w-]{43}\n$/);
  const token = stdout.trim().split("#")[1] ?? "";
  expect(stderr).not.toContain(token);
  expect(JSON.stringify(await given.db.audit.findMany({ select: { asked: true, before: true, after: true, target: true } }))).not.toContain(token);
  expect(await given.db.audit.findMany({ orderBy: { seq: "asc" } })).toMatchObject([{ action: "person.create", actorRole: "script", target: "ada@example.com" }, { outcome: "done" }]);

  const client = { address: "198.51.100.7", userAgent: null };
  const input = { token, name: "Ada", password: "a password of many letters" };
  expect(await redeemLink({ ctx: given.signInContext, input, client })).toMatchObject({ outcome: "signed_in", actor: { role: "admin" } });
});

test("for somebody who is there it makes a new link and changes nothing else", async () => {
  const { code, stderr } = await userCreate(["--email", "ada@example.com", "--name", "Eve", "--role", "support"]);
  expect([code, stderr]).toEqual([0, expect.stringContaining("Already there: Ada <ada@example.com>, admin.")]);
});

test("it says what is wrong, and makes nobody", async () => {
  const before = await given.db.person.count();
  expect(await userCreate(["--email", "ada", "--name", "Ada"])).toMatchObject({ code: 64 });
  expect(await userCreate(["--email", "bob@example.com", "--name", "Bob"], { PUBLIC_URL: "" })).toMatchObject({ code: 78, stderr: expect.stringContaining("PUBLIC_URL is not set") as string });
  expect(await given.db.person.count()).toBe(before);
});
