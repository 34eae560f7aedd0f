import { describe } from "vitest";
import { createFakeDrain } from "./drain.ts";
import { createFakeFailingMessages } from "./failing-messages.ts";
import { createFakeLeaderLease } from "./leader-lease.ts";
import { createFakeLedger } from "./ledger.ts";
import { createFakeRedriveRuns } from "./redrive-runs.ts";
import { createPostgresState } from "./state.ts";
import { storesContract } from "./stores-contract.ts";

describe("the simulator's stores", () => {
  storesContract(async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    let ids = 0;
    const state = createPostgresState({ now: () => nowMs, uuid: () => `00000000-0000-4000-8000-${String((ids += 1)).padStart(12, "0")}` });
    return {
      failing: createFakeFailingMessages(state),
      ledger: createFakeLedger(state),
      runs: createFakeRedriveRuns(state),
      lease: createFakeLeaderLease(state),
      drain: createFakeDrain(state),
      pass: async (ms) => {
        nowMs += ms;
      },
    };
  });
});
