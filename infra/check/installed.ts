import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { lockSchema, manifestSchema } from "./supply-chain.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const json = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(ROOT, name), "utf8"));

/** What this checkout installs. */
export async function installed() {
  return { lock: lockSchema.parse(await json("package-lock.json")), manifest: manifestSchema.parse(await json("package.json")) };
}
