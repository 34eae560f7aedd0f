import { randomUUID } from "node:crypto";
import { expect, test } from "@playwright/test";
import type { Client } from "pg";
import { openDatabase } from "#e2e/database.ts";

/** More than a client may fail before it has to wait. */
const ATTEMPTS = 40;
const AT_ONCE = 8;

let database: Client;
/** Failures of this file's are no other test's. */
const forget = () => database.query("DELETE FROM sign_in_limit");

test.beforeAll(async () => {
  database = await openDatabase();
  await forget();
});
test.afterAll(async () => {
  await forget();
  await database.end();
});

/** Every header in which some server somewhere believes an address, our own note's among them. */
const forged = (address: string) => ({
  "x-forwarded-for": address,
  "x-real-ip": address,
  forwarded: `for=${address}`,
  "x-client-ip": address,
  "cf-connecting-ip": address,
  "true-client-ip": address,
  "x-spillway-peer": `x ${address}`,
  "x-spillway-client": address,
});

test("a forged X-Forwarded-For evades no limit: a new address and a new account each time are still one client", async ({ request, baseURL }) => {
  const answers: { status: number; code: string }[] = [];
  for (let begun = 0; begun < ATTEMPTS; begun += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, async (_, index) => {
      const answer = await request.post("/api/auth/sign-in", {
        headers: { origin: baseURL ?? "", "sec-fetch-site": "same-origin", ...forged(`203.0.113.${begun + index + 1}`) },
        data: { email: `${randomUUID()}@example.com`, password: "not the password of anybody" },
      });
      return { status: answer.status(), code: ((await answer.json()) as { code: string }).code };
    });
    answers.push(...(await Promise.all(batch)));
  }
  // The first failures are free, and told no more than that.
  expect(answers[0]).toEqual({ status: 401, code: "sign_in_refused" });
  expect(answers.filter(({ code }) => code === "too_many_attempts").length).toBeGreaterThan(0);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]));
});
