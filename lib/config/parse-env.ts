import type { z } from "zod";

/** A half-set or wrong environment. The message names every fault, one a line. */
export class ConfigError extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(`The environment is not complete:\n${faults.map((fault) => `  - ${fault}`).join("\n")}`);
    this.name = "ConfigError";
    this.faults = faults;
  }
}

/** Environment as given: the process's, or a test's. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Parses the variables an owner needs. Empty counts as not set.
 * @param examples one example value per variable, named in its fault.
 * @throws ConfigError that lists every fault.
 */
export function parseEnv<T extends z.ZodType>(schema: T, env: Environment, examples: Readonly<Record<string, string>>): z.infer<T> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    parsed.error.issues.map((issue) => {
      const name = String(issue.path[0] ?? "environment");
      const what = given[name] === undefined ? "is not set" : `is wrong: ${issue.message}`;
      const example = examples[name];
      return `${name} ${what}${example === undefined ? "" : ` (for example ${example})`}`;
    }),
  );
}
