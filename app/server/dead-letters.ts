import "server-only";
import { backend, db } from "#app/server/context.ts";
import { singleton } from "#app/server/singleton.ts";
import { createDeadLetterLedger } from "#lib/gateways/dead-letter-ledger.ts";
import { createRedriveRuns } from "#lib/gateways/redrive-runs.ts";

/** The ledger of this queue's deaths. */
export const ledger = () => singleton("ledger", () => createDeadLetterLedger({ db: db(), queue: backend().queue }));

/** The redrive runs of this queue. */
export const redriveRuns = () => singleton("redriveRuns", () => createRedriveRuns({ db: db(), queue: backend().queue }));
