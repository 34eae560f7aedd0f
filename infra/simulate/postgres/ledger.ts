import { userHash } from "#lib/domain/activity-key.ts";
import { bodyFacts } from "#lib/domain/body-facts.ts";
import { ledgerError } from "#lib/domain/ledger-text.ts";
import type { DeadLetterLedger, Death } from "#lib/gateways/dead-letter-ledger.ts";
import { asDate, type DeathRow, type PostgresState } from "./state.ts";

/** What the worker uses of the ledger; its pages are the web's. */
export type WorkerLedger = Pick<
  DeadLetterLedger,
  "decide" | "deathsOf" | "byIds" | "recordCopy" | "file" | "resolveStored" | "unswept" | "markSwept" | "markVanished"
>;

function toDeath({ id, messageId, reason, attempts, worker, firstFailedAt, lastFailedAt, status, dlqMessageId }: DeathRow): Death {
  return { id, messageId, reason, attempts, worker, firstFailedAt, lastFailedAt, status, dlqMessageId };
}

const userHashOf = (body: string) => {
  const { userId } = bodyFacts(body);
  return userId === null ? null : userHash(userId);
};

/** The ledger over plain rows. */
export function createFakeLedger(state: PostgresState): WorkerLedger {
  const { deaths, deathOfMessage, failing, runs } = state;

  function resolve(deathId: string, outcome: "stored" | "bounced", bouncedInto: string | null): boolean {
    const death = deaths.get(deathId);
    const open = death?.status === "open";
    if (death && open) {
      death.status = outcome;
      death.resolvedAtMs = state.now();
      state.onEvent({ act: "death_resolved", deathId, outcome });
    }
    for (const run of runs.values()) {
      const item = run.items.find((one) => one.deathId === deathId && (one.state === "pending" || one.state === "sent"));
      if (!item) continue;
      item.state = outcome;
      item.bouncedDeathId = bouncedInto;
      if (run.state === "running" && run.items.every((one) => one.state !== "pending" && one.state !== "sent")) {
        run.state = "finished";
        run.finishedAtMs = state.now();
      }
    }
    return open;
  }

  function add(row: DeathRow): void {
    deaths.set(row.id, row);
    deathOfMessage.set(row.messageId, row);
  }

  return {
    async decide({ messageId, body, reason, error, attempts, worker, redrivenFrom }) {
      const known = failing.get(messageId);
      failing.delete(messageId);
      const earlier = deathOfMessage.get(messageId);
      if (earlier) return { death: toDeath(earlier), decidedNow: false };
      const at = asDate(state.now());
      const row: DeathRow = {
        id: state.uuid(),
        messageId,
        reason,
        attempts: Math.max(known?.attempts ?? 0, attempts),
        worker,
        firstFailedAt: known?.firstFailedAt ?? at,
        lastFailedAt: known?.lastFailedAt ?? at,
        status: "open",
        dlqMessageId: null,
        body,
        userHash: userHashOf(body),
        resolvedAtMs: null,
        sweptAtMs: null,
        redrivenFrom,
        history: known && known.history.length > 0 ? known.history : [{ at: at.toISOString(), worker, reason, error: ledgerError(error) }],
      };
      add(row);
      state.onEvent({ act: "death_decided", messageId, deathId: row.id, reason, attempts: row.attempts });
      if (redrivenFrom !== null) resolve(redrivenFrom, "bounced", row.id);
      return { death: toDeath(row), decidedNow: true };
    },
    async deathsOf(messageIds) {
      return new Map(
        messageIds.flatMap((id): [string, Death][] => {
          const row = deathOfMessage.get(id);
          return row ? [[id, toDeath(row)]] : [];
        }),
      );
    },
    async byIds(ids) {
      return new Map(
        ids.flatMap((id): [string, Death][] => {
          const row = deaths.get(id);
          return row ? [[id, toDeath(row)]] : [];
        }),
      );
    },
    async recordCopy({ id, dlqMessageId }) {
      const row = deaths.get(id);
      if (row) row.dlqMessageId ??= dlqMessageId;
    },
    async file(found) {
      if (deaths.has(found.id) || deathOfMessage.has(found.messageId)) return "known";
      add({
        ...found,
        status: "open",
        dlqMessageId: found.messageId,
        userHash: userHashOf(found.body),
        resolvedAtMs: null,
        sweptAtMs: null,
        redrivenFrom: null,
        history: [],
      });
      return "filed";
    },
    async resolveStored(deathId) {
      return resolve(deathId, "stored", null) ? "resolved" : "unchanged";
    },
    async unswept() {
      let latest: number | null = null;
      for (const row of deaths.values()) {
        if (row.resolvedAtMs !== null && row.sweptAtMs === null) latest = Math.max(latest ?? 0, row.resolvedAtMs);
      }
      return { latestResolvedAt: latest === null ? null : asDate(latest) };
    },
    async markSwept(ids) {
      for (const id of ids) {
        const row = deaths.get(id);
        if (row && row.status !== "open") row.sweptAtMs ??= state.now();
      }
    },
    async markVanished({ hiddenSeconds }) {
      let vanished = 0;
      for (const row of deaths.values()) {
        if (row.resolvedAtMs === null || row.sweptAtMs !== null || row.resolvedAtMs >= state.now() - hiddenSeconds * 1000) continue;
        row.sweptAtMs = state.now();
        vanished += 1;
      }
      return vanished;
    },
  };
}
