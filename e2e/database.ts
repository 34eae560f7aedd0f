import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";

/** The database of the start, with the login that the product has; whoever opens it ends it. */
export async function openDatabase(): Promise<Client> {
  const directory = process.env.SPILLWAY_STATE_DIR;
  if (directory === undefined) throw new Error("SPILLWAY_STATE_DIR is not set: the browser tests' setup has not run");
  const env = JSON.parse(await readFile(join(directory, "env.json"), "utf8")) as Record<string, string>;
  const database = new Client({ connectionString: env.DATABASE_URL });
  await database.connect();
  return database;
}
