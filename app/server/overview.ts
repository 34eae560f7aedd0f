import "server-only";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { activityQueue, activityTable, awsOptions, backend, db, deadLetterQueue } from "#app/server/context.ts";
import { singleton } from "#app/server/singleton.ts";
import { webConfig } from "#lib/config/web.ts";
import type { Allowed } from "#lib/contracts/actor.ts";
import type { Drain } from "#lib/contracts/drain.ts";
import { jsonLine } from "#lib/contracts/log-line.ts";
import type { HistoryRange, Overview, OverviewHistory } from "#lib/contracts/overview.ts";
import { createDrainStore, DrainNotFound } from "#lib/gateways/drain-store.ts";
import { createIngestSamples } from "#lib/gateways/ingest-samples.ts";
import { createQueueMetrics } from "#lib/gateways/queue-metrics.ts";
import { createWorkerRegistry } from "#lib/gateways/worker-registry.ts";
import { ensureDrain } from "#lib/services/drain/ensure.ts";
import { readDrain } from "#lib/services/drain/read.ts";
import { createQueueHistory } from "#lib/services/queue/history.ts";
import { overviewSnapshot } from "#lib/services/queue/snapshot.ts";
import { createSources } from "#lib/services/queue/sources.ts";

/** The dial of the queue. */
export const drainStore = () => singleton("drainStore", () => createDrainStore({ db: db(), queue: backend().queue }));

const metrics = () =>
  singleton("queueMetrics", () => {
    const { queue, table } = backend();
    return createQueueMetrics({ client: new CloudWatchClient(awsOptions()), queue, table });
  });

/** Reads the dial, and makes it where neither a worker nor a page has yet. */
export async function currentDrain(): Promise<Drain> {
  const ctx = { drain: drainStore() };
  try {
    return await readDrain({ ctx });
  } catch (error) {
    if (!(error instanceof DrainNotFound)) throw error;
    await ensureDrain({ ctx });
    return await readDrain({ ctx });
  }
}

/** One JSON line on stderr when a source goes away or comes back. */
function logSource(source: string, error: unknown): void {
  const event = error === null ? { level: "info", event: "source_back", source } : { level: "warn", event: "source_away", source, error: error instanceof Error ? error.message : JSON.stringify(error) };
  process.stderr.write(`${jsonLine({ at: new Date().toISOString(), ...event })}\n`);
}

const sources = () =>
  singleton("queueSources", () => {
    const { queue } = backend();
    return createSources({
      queue: activityQueue(),
      deadLetterQueue: deadLetterQueue(),
      table: activityTable(),
      registry: createWorkerRegistry({ db: db(), queue }),
      ingest: createIngestSamples({ db: db(), queue }),
      drain: { read: currentDrain },
      metrics: metrics(),
      now: Date.now,
      onChange: logSource,
    });
  });

const history = () => singleton("queueHistory", () => createQueueHistory({ metrics: metrics(), drain: drainStore(), now: Date.now, onChange: logSource }));

/** The dial, for who may see it. */
export const readDial: (asked: { by: Allowed<"queue:read"> }) => Promise<Drain> = currentDrain;

/** The overview as of now. Never throws for a backend that is away. */
export const readOverview: (asked: { by: Allowed<"queue:read"> }) => Promise<Overview> = () => {
  const { queue, deadLetterQueue: deadLetters, table } = backend();
  return overviewSnapshot({ sources: sources(), names: { queue, deadLetterQueue: deadLetters, table, publicApiUrl: webConfig().publicApiUrl }, now: Date.now });
};

/** The history of a range up to now. Never throws for a backend that is away. */
export function readHistory({ range }: { by: Allowed<"queue:read">; range: HistoryRange }): Promise<OverviewHistory> {
  return history().read(range);
}

/** The dial was changed: what is kept of it is out of date. */
export function drainChanged(): void {
  sources().postgres.expire();
  history().expireChanges();
}
