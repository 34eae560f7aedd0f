import type { RedriveItemState, RedriveRefusal, RedriveRun } from "#lib/contracts/dead-letters.ts";
import type { RedriveRuns } from "#lib/gateways/redrive-runs.ts";
import type { PostgresState, RunRow } from "./state.ts";

function toRun({ id, actor, reason, state, createdAtMs, finishedAtMs, items }: RunRow): RedriveRun {
  const count = (wanted: RedriveItemState) => items.filter((item) => item.state === wanted).length;
  return {
    id,
    actor,
    reason,
    selected: items.length,
    state,
    createdAt: new Date(createdAtMs).toISOString(),
    finishedAt: finishedAtMs === null ? null : new Date(finishedAtMs).toISOString(),
    counts: { pending: count("pending"), sent: count("sent"), stored: count("stored"), bounced: count("bounced") },
  };
}

/** Redrive runs over plain rows. */
export function createFakeRedriveRuns(state: PostgresState): Pick<RedriveRuns, "create" | "pending" | "markSent"> {
  const { runs, deaths } = state;

  return {
    async create({ runId, deathIds, actor, reason }) {
      const selection = [...new Set(deathIds.map((id) => id.toLowerCase()))];
      const taken = runs.get(runId);
      if (taken) {
        const same = taken.items.length === selection.length && taken.items.every((item) => selection.includes(item.deathId));
        return same ? { outcome: "existing", run: toRun(taken) } : { outcome: "run_id_taken" };
      }
      const underWay = new Map<string, string>();
      for (const run of runs.values()) {
        for (const item of run.items) if (item.state === "pending" || item.state === "sent") underWay.set(item.deathId, run.id);
      }
      const refused = selection.flatMap((deathId): RedriveRefusal[] => {
        const death = deaths.get(deathId);
        if (!death) return [{ deathId, why: "not_found", runId: null }];
        if (death.status !== "open") return [{ deathId, why: "already_resolved", runId: null }];
        const other = underWay.get(deathId);
        return other === undefined ? [] : [{ deathId, why: "under_way", runId: other }];
      });
      if (refused.length > 0) return { outcome: "refused", refused };
      const items = selection.map((deathId) => ({ deathId, state: "pending" as const, messageId: null, bouncedDeathId: null }));
      const run: RunRow = { id: runId, actor, reason, state: "running", createdAtMs: state.now(), finishedAtMs: null, items };
      runs.set(runId, run);
      return { outcome: "created", run: toRun(run) };
    },
    async pending({ limit }) {
      return [...runs.values()]
        .filter((run) => run.state === "running")
        .toSorted((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1))
        .flatMap((run) => run.items.filter((item) => item.state === "pending").map((item) => ({ run, item })))
        .slice(0, limit)
        .flatMap(({ run, item }) => {
          const death = deaths.get(item.deathId);
          return death ? [{ runId: run.id, deathId: death.id, userHash: death.userHash, body: death.body }] : [];
        });
    },
    async markSent(sent) {
      for (const { runId, deathId, messageId } of sent) {
        const item = runs.get(runId)?.items.find((one) => one.deathId === deathId);
        if (!item) continue;
        if (item.state === "pending") item.state = "sent";
        item.messageId = messageId;
      }
    },
  };
}
