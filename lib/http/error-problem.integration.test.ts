import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { toProblem } from "./error-problem.ts";

/** Shorter than the waits for a connection and for a transaction, which are 2 s each. */
const STATEMENT_TIMEOUT_MS = 300;

let postgres: Awaited<ReturnType<typeof startPostgresOnly>>;
let db: Db;
beforeAll(async () => {
  postgres = await startPostgresOnly({ migrate: false });
  db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test", poolSize: 1, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
});
afterAll(async () => {
  await db?.$disconnect();
  await postgres?.close();
});

async function statusOf(act: () => Promise<unknown>): Promise<number> {
  const log = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    const failure = await act().then(
      () => "it did not fail",
      (cause: unknown) => cause,
    );
    return toProblem(failure, new Request("http://127.0.0.1/api/x")).status;
  } finally {
    log.mockRestore();
  }
}

describe("what PostgreSQL and its driver throw", () => {
  it("is 503 where the database is slow, ends the connection, or has none left", async () => {
    expect(await statusOf(() => db.$queryRaw`SELECT pg_sleep(10)::text`)).toBe(503);
    expect(await statusOf(() => db.$transaction((tx) => tx.$queryRaw`SELECT pg_sleep(10)::text`))).toBe(503);
    expect(await statusOf(() => db.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`)).toBe(503);
    // One connection, and it is held: both a statement and a transaction wait for it in vain.
    const long = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test", poolSize: 1 });
    const held = long.$queryRaw`SELECT pg_sleep(4)::text`.then(() => undefined);
    try {
      expect(await Promise.all([statusOf(() => long.$queryRaw`SELECT 1`), statusOf(() => long.$transaction((tx) => tx.$queryRaw`SELECT 1`))])).toEqual([503, 503]);
    } finally {
      await held;
      await long.$disconnect();
    }
  });

  it("is 500 where the statement itself is wrong", async () => {
    expect(await statusOf(() => db.$queryRaw`SELECT nothing_of_that_name`)).toBe(500);
  });

  it("is 503 where nobody listens, in a transaction or not, and names no password", async () => {
    const away = openDb({ databaseUrl: "postgresql://spillway:hunter2@127.0.0.1:1/spillway", applicationName: "test", statementTimeoutMs: STATEMENT_TIMEOUT_MS });
    const written: string[] = [];
    const log = vi.spyOn(process.stderr, "write").mockImplementation((line) => written.push(String(line)) > 0);
    const fail = (act: () => Promise<unknown>) => act().catch((cause: unknown) => toProblem(cause, new Request("http://127.0.0.1/api/x")).status);
    const statuses = await Promise.all([fail(() => away.$queryRaw`SELECT 1`), fail(() => away.$transaction((tx) => tx.$queryRaw`SELECT 1`))]);
    log.mockRestore();
    expect(statuses).toEqual([503, 503]);
    expect(written).toHaveLength(2);
    expect(written.join("")).not.toContain("hunter2");
  });
});
