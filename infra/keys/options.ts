import { parseArgs } from "node:util";
import type { ParsedScript } from "#infra/start/script.ts";
import { API_KEY_LIMITS, type ApiKeyScope, apiKeyNameSchema, apiKeyScopesSchema } from "#lib/contracts/api-keys.ts";

export interface KeyOptions {
  name: string;
  scopes: ApiKeyScope[];
  /** null = never. */
  lifetimeSeconds: number | null;
  json: boolean;
}

export const USAGE = `Usage: npm run key:create -- --name NAME --scope SCOPE [options]

Makes a key of the public API and prints it, once: only its hash is kept.

  --name NAME       who will use it, up to ${API_KEY_LIMITS.nameCharacters} characters; at most ${API_KEY_LIMITS.livePerName} live keys have one name
  --scope SCOPE     ingest (send activities) or read (read a user's); give it twice for both
  --expires TIME    after 12h or 90d, up to ${API_KEY_LIMITS.longestDays}d (never)
  --json            print one JSON object
  --help            this text

Ends with 0 when the key was made, 1 when not, 64 for a wrong option.
`;

class WrongOption extends Error {}

const UNIT_SECONDS = { h: 3_600, d: 86_400 } as const;
const LONGEST_SECONDS = API_KEY_LIMITS.longestDays * UNIT_SECONDS.d;

function lifetime(text: string): number {
  const match = /^(\d{1,6})([hd])$/.exec(text);
  const seconds = Number(match?.[1]) * (match?.[2] === "h" ? UNIT_SECONDS.h : UNIT_SECONDS.d);
  if (!match || seconds <= 0 || seconds > LONGEST_SECONDS) throw new WrongOption(`--expires must be a time such as 12h or 90d, at most ${API_KEY_LIMITS.longestDays}d, not "${text}"`);
  return seconds;
}

/** Reads the command line of `npm run key:create`. */
export function parseKeyOptions(args: readonly string[]): ParsedScript<KeyOptions> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        name: { type: "string" },
        scope: { type: "string", multiple: true },
        expires: { type: "string" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return { kind: "help" };
    const name = apiKeyNameSchema.safeParse(values.name ?? "");
    if (!name.success) throw new WrongOption(`--name ${name.error.issues[0]?.message ?? "is wrong"}`);
    const scopes = apiKeyScopesSchema.safeParse([...new Set(values.scope)]);
    if (!scopes.success) throw new WrongOption("--scope must be ingest or read (give it twice for both)");
    return { kind: "run", options: { name: name.data, scopes: scopes.data, lifetimeSeconds: values.expires === undefined ? null : lifetime(values.expires), json: values.json } };
  } catch (cause) {
    const message = cause instanceof Error ? (cause.message.split("\n", 1)[0] ?? cause.message) : String(cause);
    return { kind: "wrong", message };
  }
}
