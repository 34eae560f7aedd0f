import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const envFileSchema = z.record(z.string(), z.string());

/** Where a running start writes the variables that lead to its backends. */
export const envFile = (stateDirectory: string) => join(stateDirectory, "env.json");

/** Writes the variables for other processes of this user; whole or not at all. */
export async function writeEnvFile(stateDirectory: string, env: Readonly<Record<string, string>>): Promise<void> {
  const file = envFile(stateDirectory);
  await writeFile(`${file}.new`, `${JSON.stringify(env, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** The variables of a running start, or null when there is no such file. */
export async function readEnvFile(stateDirectory: string): Promise<Record<string, string> | null> {
  const text = await readFile(envFile(stateDirectory), "utf8").catch(() => null);
  return text === null ? null : envFileSchema.parse(JSON.parse(text));
}

/** Takes the variables away with the start that wrote them; none is no fault. */
export async function removeEnvFile(stateDirectory: string): Promise<void> {
  await rm(envFile(stateDirectory), { force: true });
}
