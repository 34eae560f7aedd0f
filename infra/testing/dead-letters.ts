import { randomUUID } from "node:crypto";
import type { DeathReason } from "#lib/contracts/dead-letters.ts";
import { type ActivityMessage, MESSAGE_VERSION } from "#lib/contracts/message.ts";
import { createDeadLetterLedger } from "#lib/gateways/dead-letter-ledger.ts";
import { openDb } from "#lib/gateways/db.ts";
import { createFailingMessages } from "#lib/gateways/failing-messages.ts";
import { createLeaderLease } from "#lib/gateways/leader-lease.ts";
import { createRedriveRuns } from "#lib/gateways/redrive-runs.ts";

export const TEST_QUEUE = "activities.fifo";

/** Opens the dead-letter gateways on a database, as one process has them. */
export function openDeadLetters({ databaseUrl, queue = TEST_QUEUE }: { databaseUrl: string; queue?: string }) {
  const db = openDb({ databaseUrl, applicationName: "test", poolSize: 4 });
  return {
    db,
    ledger: createDeadLetterLedger({ db, queue }),
    failing: createFailingMessages({ db, queue }),
    runs: createRedriveRuns({ db, queue }),
    lease: createLeaderLease({ db, queue }),
    /** Empties the dead-letter tables. */
    async empty() {
      await db.$executeRaw`
        WITH items AS (DELETE FROM redrive_item), runs AS (DELETE FROM redrive_run), deaths AS (DELETE FROM death), failing AS (DELETE FROM failing_message)
        DELETE FROM leader_lease`;
    },
    close: () => db.$disconnect(),
  };
}
export type DeadLetterStores = ReturnType<typeof openDeadLetters>;

/** A body as the public API writes it. */
export function activityBody({
  userId = "user-1",
  id = randomUUID(),
  type = "page.view",
}: { userId?: string; id?: string; type?: string } = {}): string {
  const message: ActivityMessage = {
    v: MESSAGE_VERSION,
    acceptedAt: "2026-01-31T12:00:01.000Z",
    activity: { id, userId, type, occurredAt: "2026-01-31T12:00:00.000Z" },
  };
  return JSON.stringify(message);
}

/** A message that is about to die. */
export function dyingMessage({
  messageId = randomUUID(),
  body = activityBody(),
  attributes = {},
}: { messageId?: string; body?: string; attributes?: Record<string, string> } = {}) {
  return { messageId, body, sentAt: new Date("2026-01-31T12:00:02.000Z"), attributes };
}

/** The facts of a death, as a worker gives them. */
export function deathFacts(message = dyingMessage(), reason: DeathReason = "handler_failed") {
  const { messageId, body, sentAt } = message;
  return { messageId, body, sentAt, reason, error: "it failed", attempts: 5, worker: "worker-a", redrivenFrom: null as string | null };
}
