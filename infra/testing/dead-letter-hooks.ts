import { afterAll, beforeAll, beforeEach } from "vitest";
import { type DeadLetterQueues, startDeadLetterQueues } from "./dead-letter-queues.ts";
import { type DeadLetterStores, openDeadLetters } from "./dead-letters.ts";
import { startPostgresOnly } from "./postgres-only.ts";

/**
 * The dead-letter gateways on a database of the test file's own, emptied before each test. Call it at the top of the
 * file; what it returns is filled in when the tests begin.
 */
export function useDeadLetters(): DeadLetterStores & { databaseUrl: string } {
  const stores = {} as DeadLetterStores & { databaseUrl: string };
  let postgres: Awaited<ReturnType<typeof startPostgresOnly>> | undefined;
  beforeAll(async () => {
    postgres = await startPostgresOnly();
    Object.assign(stores, openDeadLetters(postgres), { databaseUrl: postgres.databaseUrl });
  });
  afterAll(async () => {
    await stores.db?.$disconnect();
    await postgres?.close();
  });
  beforeEach(() => stores.empty());
  return stores;
}

/** The queue and its DLQ, likewise. */
export function useDeadLetterQueues(): DeadLetterQueues {
  const queues = {} as DeadLetterQueues;
  let started: DeadLetterQueues | undefined;
  beforeAll(async () => {
    started = await startDeadLetterQueues();
    Object.assign(queues, started);
  });
  afterAll(() => started?.close());
  beforeEach(() => queues.empty());
  return queues;
}
