import { jsonLine } from "#lib/contracts/log-line.ts";
import { withoutApiKeys } from "#lib/domain/api-key.ts";

/** One JSON line per event on stdout. */
export type Log = (level: "info" | "warn" | "error", event: string, fields?: Readonly<Record<string, unknown>>) => void;

/** A key that got into a field, as by an error's text, leaves without its secret. @param write gets each line, its end included. */
export function createLog(write: (line: string) => void = (line) => process.stdout.write(line)): Log {
  return (level, event, fields) => write(`${withoutApiKeys(jsonLine({ at: new Date().toISOString(), level, event, ...fields }))}\n`);
}
