import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe } from "vitest";
import { createDrainStore } from "#lib/gateways/drain-store.ts";
import { type DeadLetterStores, openDeadLetters, TEST_QUEUE } from "#infra/testing/dead-letters.ts";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { storesContract } from "./stores-contract.ts";

let postgres: Awaited<ReturnType<typeof startPostgresOnly>>;
let open: DeadLetterStores;

beforeAll(async () => {
  postgres = await startPostgresOnly();
  open = openDeadLetters({ databaseUrl: postgres.databaseUrl });
});
afterAll(async () => {
  await open?.close();
  await postgres?.close();
});

describe("the real stores", () => {
  storesContract(async () => {
    await open.empty();
    await open.db.$executeRaw`DELETE FROM drain_change`;
    await open.db.$executeRaw`DELETE FROM drain`;
    const { failing, ledger, runs, lease, db } = open;
    return { failing, ledger, runs, lease, drain: createDrainStore({ db, queue: TEST_QUEUE }), pass: (ms) => delay(ms) };
  });
});
