import type { Attempt, DeathReason } from "#lib/contracts/dead-letters.ts";
import { ledgerError } from "#lib/domain/ledger-text.ts";
import type { FailingMessages } from "#lib/gateways/failing-messages.ts";
import { asDate, type FailingRow, HISTORY_ATTEMPTS, type PostgresState } from "./state.ts";

const FORGET_AFTER_MS = 15 * 86_400_000;

/** The gateway of failing messages over plain rows. */
export function createFakeFailingMessages(state: PostgresState): FailingMessages {
  const { failing } = state;

  function row(messageId: string): FailingRow {
    let found = failing.get(messageId);
    if (!found) {
      found = { attempts: 0, startMarks: 0, aloneMarkBy: null, firstFailedAt: null, lastFailedAt: null, history: [], updatedAtMs: state.now() };
      failing.set(messageId, found);
    }
    return found;
  }

  function count(messageId: string, found: FailingRow, worker: string, reason: DeathReason, error: string): void {
    const at = asDate(state.now());
    const attempt: Attempt = { at: at.toISOString(), worker, reason, error };
    found.attempts += 1;
    found.history = [...found.history, attempt].slice(-HISTORY_ATTEMPTS);
    found.firstFailedAt ??= at;
    found.lastFailedAt = at;
    state.onEvent({ act: "attempt_counted", messageId, reason });
  }

  return {
    async start({ messageId }, { worker, aloneFromMarks }) {
      const found = row(messageId);
      if (found.aloneMarkBy !== null) {
        count(messageId, found, found.aloneMarkBy, "process_killer", "the process died while it handled this message alone");
      }
      found.startMarks += 1;
      found.aloneMarkBy = found.startMarks >= aloneFromMarks ? worker : null;
      found.updatedAtMs = state.now();
      if (found.aloneMarkBy !== null) state.onEvent({ act: "marked_alone", messageId });
      return { marks: found.startMarks, alone: found.aloneMarkBy !== null, attempts: found.attempts, last: found.history.at(-1) ?? null };
    },
    async fail({ messageId }, { worker, reason, error }) {
      if (state.deathOfMessage.has(messageId)) return null;
      const found = row(messageId);
      count(messageId, found, worker, reason, ledgerError(error));
      found.startMarks = 0;
      found.aloneMarkBy = null;
      found.updatedAtMs = state.now();
      return { attempts: found.attempts };
    },
    async marksOf(messageIds) {
      return new Map(
        messageIds.flatMap((id): [string, number][] => {
          const marks = failing.get(id)?.startMarks ?? 0;
          return marks > 0 ? [[id, marks]] : [];
        }),
      );
    },
    async attempts(messageId) {
      return failing.get(messageId)?.attempts ?? 0;
    },
    async clear(messageIds) {
      for (const id of messageIds) failing.delete(id);
    },
    async unmark(messageIds) {
      for (const id of messageIds) {
        const found = failing.get(id);
        if (!found) continue;
        if (found.attempts === 0) failing.delete(id);
        found.startMarks = 0;
        found.aloneMarkBy = null;
        found.updatedAtMs = state.now();
      }
    },
    async prune() {
      let pruned = 0;
      for (const [id, found] of failing) {
        if (found.updatedAtMs >= state.now() - FORGET_AFTER_MS) continue;
        failing.delete(id);
        pruned += 1;
      }
      return pruned;
    },
  };
}
