import { EXIT_CONFIG, EXIT_USAGE, StartError } from "#infra/start/errors.ts";
import { processEnvironment } from "#infra/start/process-environment.ts";
import { allowScript } from "#lib/auth/scripts.ts";
import { ConfigError, type Environment } from "#lib/config/parse-env.ts";
import type { AuditVerify } from "#lib/contracts/audit.ts";
import { createAuditLog, type AuditLog } from "#lib/gateways/audit-log.ts";
import { openDb } from "#lib/gateways/db.ts";
import { verify } from "#lib/services/audit/verify.ts";
import { readArguments, type VerifyOptions } from "./arguments.ts";

/** Longest read of one page of the chain. */
const STATEMENT_TIMEOUT_MS = 30_000;
const EXIT_BROKEN = 1;
/** The chain could not be read, so nothing is known of it. */
const EXIT_UNREAD = 3;

type Finding = AuditVerify & { protected: boolean; expected: "not asked" | "as it was" | "not as it was" };

async function find(audit: AuditLog, { expect }: VerifyOptions): Promise<Finding> {
  const found = await verify({ ctx: { audit }, by: allowScript("audit:read", "audit:verify"), input: {} });
  const isProtected = await audit.isProtected();
  if (expect === null) return { ...found, protected: isProtected, expected: "not asked" };
  const [row] = await audit.rowsAfter(expect.seq - 1, 1);
  const same = row?.seq === expect.seq && row.hash === expect.hash;
  return { ...found, protected: isProtected, expected: same ? "as it was" : "not as it was" };
}

function inWords({ position, rows, fault, protected: isProtected, expected }: Finding, { expect }: VerifyOptions): string[] {
  return [
    fault
      ? `The audit log is broken at row ${fault.seq} (${fault.what}). ${fault.message} The ${position.seq} rows before it are whole.`
      : rows === 0
        ? "The audit log is empty."
        : `The audit log is whole: ${rows} rows. Its end: ${position.seq}:${position.hash}`,
    ...(expect && expected === "not as it was" ? [`Row ${expect.seq} is not what it was: the log was rewritten since.`] : []),
    ...(expect && expected === "as it was" ? [`Row ${expect.seq} is what it was.`] : []),
    ...(isProtected ? [] : ["This login may change the log: give the processes a role of their own (docs/database.md)."]),
  ];
}

/** The database alone will do: the chain is one over all queues. */
async function databaseOf(env: Environment): Promise<string> {
  const url = env.DATABASE_URL || (await processEnvironment(env)).DATABASE_URL;
  if (!url) throw new ConfigError(["DATABASE_URL is not set"]);
  return url;
}

/**
 * `npm run audit:verify`: walks the chain of the audit log, of the start on this machine or where the environment leads.
 * @returns the exit code: 0 whole, 1 broken, 3 it could not be read, 64 wrong arguments, 78 wrong environment.
 */
export async function runVerify({ args, env, print, fail }: { args: readonly string[]; env: Environment; print: (line: string) => void; fail: (line: string) => void }): Promise<number> {
  const options = readArguments(args);
  if (typeof options === "string") {
    fail(options);
    return EXIT_USAGE;
  }
  let databaseUrl: string;
  try {
    databaseUrl = await databaseOf(env);
  } catch (error) {
    if (!(error instanceof StartError) && !(error instanceof ConfigError)) throw error;
    fail(error.message);
    return error instanceof StartError ? error.exitCode : EXIT_CONFIG;
  }
  const db = openDb({ databaseUrl, applicationName: "spillway-audit-verify", poolSize: 1, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  try {
    const finding = await find(createAuditLog({ db, queue: "" }), options);
    const whole = finding.fault === null && finding.expected !== "not as it was";
    for (const line of options.json ? [JSON.stringify({ whole, ...finding })] : inWords(finding, options)) print(line);
    return whole ? 0 : EXIT_BROKEN;
  } catch (error) {
    fail(`The audit log could not be read: ${(error as Error).message.trim().split("\n").at(-1)}`);
    return EXIT_UNREAD;
  } finally {
    await db.$disconnect();
  }
}
