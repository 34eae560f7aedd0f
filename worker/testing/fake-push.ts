import type { ClaimAnswer, PushFilter } from "#lib/gateways/push-filter.ts";
import type { Push, PushResult, Sink } from "#worker/sinks/sink.ts";

/** The filter's table in memory, with faults to plant. */
export function createFakeFilter() {
  const rows = new Map<string, { claim: string; state: "claimed" | "done" }>();
  const state = { away: false, calls: [] as string[], onMark: async (_key: string): Promise<void> => {} };
  const reach = (call: string) => {
    state.calls.push(call);
    if (state.away) throw new Error("no connection to the filter's table");
  };
  const filter: Pick<PushFilter, "claim" | "markDone" | "giveBack"> = {
    async claim({ key, claim, over }): Promise<ClaimAnswer> {
      reach(`claim ${key}`);
      const row = rows.get(key);
      if (row?.state === "done") return { kind: "done" };
      if (row && row.claim !== claim && row.claim !== over) return { kind: "taken", claim: row.claim };
      rows.set(key, { claim, state: "claimed" });
      return { kind: "claimed" };
    },
    async markDone({ key, claim }) {
      reach(`mark ${key}`);
      await state.onMark(key);
      rows.set(key, { claim, state: "done" });
    },
    async giveBack({ key, claim }) {
      reach(`give back ${key}`);
      const row = rows.get(key);
      if (row?.claim === claim && row.state === "claimed") rows.delete(key);
    },
  };
  return { filter, rows, state };
}

/** A sink that notes what it takes. `onPush` says what becomes of each. */
export function createFakeSink({ name = "fake", longestMs = 4_000, atOnce = 64 } = {}) {
  const pushed: { id: string; user: string; idempotencyKey: string }[] = [];
  const hooks = { onPush: async (_push: Push, _signal: AbortSignal): Promise<PushResult> => ({ kind: "pushed" }) };
  const sink: Sink = {
    name,
    longestMs,
    atOnce,
    failure: "webhook_failed",
    async push(push, signal) {
      const result = await hooks.onPush(push, signal);
      if (result.kind === "pushed") pushed.push({ id: push.activity.id, user: push.activity.userId, idempotencyKey: push.idempotencyKey });
      return result;
    },
    close() {},
  };
  return { sink, pushed, hooks };
}
