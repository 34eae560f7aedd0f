import { afterAll, beforeAll, expect, test } from "vitest";
import { type RestartablePostgres, startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { type Db, openDb } from "./db.ts";
import { createSignInLimits, type SignInLimits } from "./sign-in-limits.ts";

let postgres: RestartablePostgres;
let db: Db;
let limits: SignInLimits;
beforeAll(async () => {
  postgres = await startPostgresOnly();
  db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "limits-test", poolSize: 5 });
  limits = createSignInLimits({ db, now: () => at });
});
afterAll(async () => {
  await db?.$disconnect();
  await postgres?.close();
});

let count = 0;
const address = () => `198.51.100.${(count += 1)}`;
/** Stands still unless told: how fast the machine is makes no difference. */
let at = Date.parse("2026-01-31T12:00:00.000Z");
function pass(seconds: number): void {
  at += seconds * 1000;
}

async function attempts(times: number, given: () => { account: string | null; client: string }): Promise<number> {
  let admitted = 0;
  for (let n = 0; n < times; n += 1) if ((await limits.attempt(given())).admitted) admitted += 1;
  return admitted;
}

test("an account is tried five times freely, from however many addresses, and then ever more slowly", async () => {
  const account = "slow@example.com";
  expect(await attempts(20, () => ({ account, client: address() }))).toBe(6);
  for (const delay of [1, 2, 4, 8, 16, 32, 60, 60]) {
    const refused = await limits.attempt({ account, client: address() });
    expect(refused).toEqual({ admitted: false, retryInSeconds: delay });
    pass(delay);
    expect(await limits.attempt({ account, client: address() })).toEqual({ admitted: true });
  }
});

test("a hundred tries at once are a hundred tries", async () => {
  const account = "burst@example.com";
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => limits.attempt({ account, client: address() })));
  expect(outcomes.filter(({ admitted }) => admitted)).toHaveLength(6);
});

test("a client is slowed down over all accounts", async () => {
  const client = address();
  expect(await attempts(40, () => ({ account: `person-${(count += 1)}@example.com`, client }))).toBe(31);
  expect(await limits.attempt({ account: null, client })).toMatchObject({ admitted: false });
});

test("strangers do not lock a person out of the place they sign in from", async () => {
  const [account, home] = ["target@example.com", address()];
  await limits.attempt({ account, client: home });
  await limits.succeeded({ account, client: home });
  await attempts(30, () => ({ account, client: address() }));
  expect(await limits.attempt({ account, client: address() })).toMatchObject({ admitted: false });
  expect(await limits.attempt({ account, client: home })).toEqual({ admitted: true });
  // The own count is a count too.
  expect(await attempts(30, () => ({ account, client: home }))).toBe(5);
});

test("who signs in is no failure, and who was refused by an account is none of the client's", async () => {
  const [account, client] = ["right@example.com", address()];
  for (let n = 0; n < 100; n += 1) {
    expect(await limits.attempt({ account, client })).toEqual({ admitted: true });
    await limits.succeeded({ account, client });
  }
  await attempts(100, () => ({ account: "other@example.com", client }));
  expect(await limits.attempt({ account: null, client })).toEqual({ admitted: true });
});

test("an hour of quiet is forgiven", async () => {
  const account = "quiet@example.com";
  await attempts(10, () => ({ account, client: address() }));
  pass(3_601);
  expect(await attempts(20, () => ({ account, client: address() }))).toBe(6);
});

test("neither e-mails nor addresses are written down", async () => {
  await limits.attempt({ account: "private@example.com", client: "203.0.113.77" });
  const rows = await db.$queryRaw<object[]>`SELECT * FROM sign_in_limit`;
  expect(JSON.stringify(rows)).not.toMatch(/private|203\.0\.113/);
});
