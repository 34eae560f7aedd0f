import type { Scenario } from "./scenario.ts";
import { STORM_SCENARIOS } from "./scenarios/faults-on-the-wire.ts";
import { gracefulStop } from "./scenarios/graceful-stop.ts";
import { ingest } from "./scenarios/ingest.ts";
import { killSteps } from "./scenarios/kill-steps.ts";
import { poison } from "./scenarios/poison.ts";
import { postgresAway } from "./scenarios/postgres-away.ts";
import { scale } from "./scenarios/scale.ts";
import { sigstop } from "./scenarios/sigstop.ts";

/** All scenarios, in the order in which `--scenario all` runs them. */
export const SCENARIOS: readonly Scenario[] = [killSteps, sigstop, ...STORM_SCENARIOS, postgresAway, scale, poison, gracefulStop, ingest];
