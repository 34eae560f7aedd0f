import { join } from "node:path";
import { migrateDatabase } from "#infra/migrate/migrate.ts";
import { LOCAL_NAMES, type LocalConfig, localEnvironment, withoutAws } from "#lib/config/local.ts";
import type { Environment } from "#lib/config/parse-env.ts";
import { sinksConfig } from "#lib/config/sinks.ts";
import { workerHealthConfig } from "#lib/config/worker-health.ts";
import { clearLeftover } from "#lib/local/postgres/leftover.ts";
import { startPostgres } from "#lib/local/postgres/server.ts";
import { startChild } from "./child.ts";
import { openLogFile } from "./log-file.ts";
import { checkPorts } from "./ports.ts";
import { checkEnvironment } from "./mode.ts";
import { provisionPushFilter, provisionQueues, provisionTable } from "./provision.ts";
import type { releasers } from "./releasers.ts";
import { supervise } from "./supervise.ts";

const READY_DEADLINE_MS = 60_000;
/** Children of a killed start end by themselves, within their own grace. */
const LEFTOVER_PATIENCE_MS = 20_000;

interface LocalBackends {
  config: LocalConfig;
  stateDirectory: string;
  root: string;
  env: Environment;
  tookOver: boolean;
  release: ReturnType<typeof releasers>;
  tell: (line: string) => void;
}

/** Workers added later must push where the first one does: one without would ack without a push. */
function sinkVariables(env: Environment): Record<string, string> {
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && /^(WEBHOOK|PUSH_FILTER)_/.test(entry[0]));
  return Object.fromEntries(given);
}

const url = (port: number) => `http://${LOCAL_NAMES.host}:${port}`;

/** Checks the ports, after clearing what a killed start left. */
export async function preparePorts({ config, stateDirectory, tookOver }: Pick<LocalBackends, "config" | "stateDirectory" | "tookOver">): Promise<void> {
  await clearLeftover(join(stateDirectory, "postgres", "data"));
  await checkPorts(Object.values(config.ports), { patienceMs: tookOver ? LEFTOVER_PATIENCE_MS : 0 });
}

/**
 * Starts PostgreSQL and the stand-ins, each kept alive, and makes schema, queues and table.
 * @returns the variables that lead to them.
 */
export async function startLocalBackends({ config, stateDirectory, root, env, release, tell }: LocalBackends): Promise<Record<string, string>> {
  checkEnvironment([() => sinksConfig(env), () => workerHealthConfig(env)]);
  const { ports } = config;
  let databaseUrl = "";
  let migrateUrl = "";
  const postgresDirectory = join(stateDirectory, "postgres");
  release.add(
    await supervise({
      name: "PostgreSQL",
      tell,
      start: async () => {
        const postgres = await startPostgres({ directory: postgresDirectory, port: ports.postgres.port });
        ({ databaseUrl, migrateUrl } = postgres);
        return { exited: postgres.exited.then(() => "see its log"), stop: () => postgres.close() };
      },
    }),
  );
  await migrateDatabase({ databaseUrl: migrateUrl });

  const log = openLogFile(join(stateDirectory, "logs", "backends.log"));
  release.add(
    await supervise({
      name: "the SQS, DynamoDB and CloudWatch stand-ins",
      tell,
      start: async () => {
        const child = startChild({
          args: [join(root, "infra", "start", "backends.ts")],
          cwd: root,
          env: { ...withoutAws(env), SPILLWAY_STATE_DIR: stateDirectory },
          log,
        });
        await child.event("ready", { deadlineMs: READY_DEADLINE_MS }).catch(async (cause: unknown) => {
          await child.stop();
          throw new Error(`${(cause as Error).message}. The end of ${log.file}:\n${log.tail()}`, { cause });
        });
        return child;
      },
    }),
  );
  const sinks = sinksConfig(env);
  const [queues] = await Promise.all([
    provisionQueues(url(ports.sqs.port)),
    provisionTable(url(ports.dynamodb.port)),
    sinks.webhook !== null && provisionPushFilter(url(ports.dynamodb.port), sinks.filterTable),
  ]);
  const places = localEnvironment({
    databaseUrl,
    sqsUrl: url(ports.sqs.port),
    dynamodbUrl: url(ports.dynamodb.port),
    cloudwatchUrl: url(ports.cloudwatch.port),
    ...queues,
  });
  return { ...sinkVariables(env), ...places };
}
