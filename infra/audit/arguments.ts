import type { ChainPosition } from "#lib/domain/audit-chain.ts";

export interface VerifyOptions {
  json: boolean;
  /** A row that was seen before and must still be what it was. */
  expect: ChainPosition | null;
}

export const USAGE = "npm run audit:verify [-- --json] [-- --expect <row>:<hash>]";

/** Reads the command's arguments. @returns a fault in one line where they are wrong. */
export function readArguments(args: readonly string[]): VerifyOptions | string {
  const options: VerifyOptions = { json: false, expect: null };
  const rest = [...args];
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === "--json") {
      options.json = true;
      continue;
    }
    const [, given] = /^--expect(?:=(.*))?$/.exec(name) ?? [null, null];
    if (given === null) return `${name} is not known. Usage: ${USAGE}`;
    const [, seq, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(given ?? rest.shift() ?? "") ?? [];
    if (seq === undefined || hash === undefined) return `--expect takes a row's number and its hash, as in --expect 120:3f9a... Usage: ${USAGE}`;
    options.expect = { seq: Number(seq), hash };
  }
  return options;
}
