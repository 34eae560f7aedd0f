import { join, resolve } from "node:path";
import { LOCAL_NAMES, localConfig } from "#lib/config/local.ts";
import { jsonLine } from "#lib/contracts/log-line.ts";
import { startCollector } from "#lib/local/cloudwatch/collector.ts";
import { startCloudWatch } from "#lib/local/cloudwatch/server.ts";
import { startDynamoDb } from "#lib/local/dynamodb/server.ts";
import { startSqs } from "#lib/local/sqs/server.ts";
import { releasers } from "./releasers.ts";

/**
 * The stand-ins for SQS, DynamoDB and CloudWatch, in a process of their own, so that the web app cannot slow them.
 * State under SPILLWAY_STATE_DIR. One JSON log line per event; `ready` once all three listen.
 */
function log(event: string, fields: Record<string, unknown> = {}): void {
  process.stdout.write(`${jsonLine({ at: new Date().toISOString(), level: "info", event, ...fields })}\n`);
}

// Journals and items hold what users did: nobody else on this machine may read them, wherever the state folder lies.
process.umask(0o077);

const { stateDirectory, ports } = localConfig();
const directory = (name: string) => join(resolve(stateDirectory), name);
const { host } = LOCAL_NAMES;
const release = releasers();

async function stop(): Promise<void> {
  log("stopping");
  await release.run();
  log("stopped");
  process.exit(0);
}

let signals = 0;
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    signals += 1;
    if (signals > 1) process.exit(130);
    void stop();
  });
}

const sqs = release.add(await startSqs({ host, port: ports.sqs.port, directory: directory("sqs") }));
const dynamodb = release.add(await startDynamoDb({ host, port: ports.dynamodb.port, directory: directory("dynamodb") }));
const cloudwatch = release.add(await startCloudWatch({ host, port: ports.cloudwatch.port, directory: directory("cloudwatch") }));
// AWS puts these metrics by itself, once a minute.
release.add(
  startCollector({
    record: (datum) => cloudwatch.record(datum),
    queues: () =>
      sqs.engine.queueNames().map((name) => {
        const figures = sqs.engine.figures(name, Date.now());
        const { visible, inFlight, sent, received, deleted } = figures;
        const oldestAgeSeconds = visible + inFlight === 0 ? null : figures.oldestAgeSeconds;
        // The stand-in delays nothing.
        const emptyReceives = sqs.emptyReceives(name);
        return { name, visible, notVisible: inFlight, delayed: 0, oldestAgeSeconds, sent, received, deleted, emptyReceives };
      }),
    tables: () => dynamodb.tables(),
    consumed: (table, sinceSecond) => dynamodb.consumed(table, sinceSecond),
    now: Date.now,
  }),
);
log("ready", { sqs: sqs.url, dynamodb: dynamodb.url, cloudwatch: cloudwatch.url });
