import type { LeaderLease } from "#lib/gateways/leader-lease.ts";
import type { PostgresState } from "./state.ts";

/** Row leases of duties, by the database's clock. */
export function createFakeLeaderLease(state: PostgresState): LeaderLease {
  const { leases, now } = state;
  return {
    async acquire({ duty, holder, leaseMs }) {
      const lease = leases.get(duty);
      if (lease && lease.holder !== holder && lease.untilMs > now()) return "taken";
      leases.set(duty, { holder, untilMs: now() + leaseMs });
      return "held";
    },
    async release({ duty, holder }) {
      if (leases.get(duty)?.holder === holder) leases.delete(duty);
    },
  };
}
