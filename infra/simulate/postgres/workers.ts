import type { WorkerRegistry } from "#lib/gateways/worker-registry.ts";

const LIVE_WITHIN_MS = 5_000;

/** As much of the worker registry as a running worker needs. */
export function createFakeRegistry(now: () => number): Pick<WorkerRegistry, "heartbeat" | "addSamples" | "prune"> {
  const workers = new Map<string, { live: boolean; seenAtMs: number }>();
  return {
    async heartbeat({ id, state }) {
      workers.set(id, { live: state === "starting" || state === "running", seenAtMs: now() });
      const others = [...workers].filter(([other, row]) => other !== id && row.live && row.seenAtMs >= now() - LIVE_WITHIN_MS);
      return { liveWorkers: others.length + 1 };
    },
    async addSamples() {},
    async prune() {
      return { samples: 0, workers: 0 };
    },
  };
}
