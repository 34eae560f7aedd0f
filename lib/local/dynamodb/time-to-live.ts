import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import type { Engine } from "./engine.ts";
import type { WireItem, WireValue } from "./item-size.ts";
import { validationError } from "./throttled.ts";

/** Items looked at in one step, so that a large table is walked in pieces. */
const STEP_ITEMS = 1_000;
/** What expired more than five years ago is left alone (developer guide, "Time to Live"). */
const OLDEST_SECONDS = 5 * 365 * 86_400;

/** Attribute name by table. */
const settingsSchema = z.record(z.string(), z.string());
const specificationSchema = z.object({ AttributeName: z.string().min(1).max(255), Enabled: z.boolean() });

type Data = Record<string, unknown>;

async function readSettings(file: string | undefined): Promise<Map<string, string>> {
  if (file === undefined) return new Map();
  try {
    return new Map(Object.entries(settingsSchema.parse(JSON.parse(await readFile(file, "utf8")))));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw new Error(`${file} cannot be read`, { cause: error });
  }
}

function isExpired(value: WireValue | undefined, nowSeconds: number): boolean {
  const at = typeof value?.N === "string" ? Number(value.N) : Number.NaN;
  return at < nowSeconds && at > nowSeconds - OLDEST_SECONDS;
}

/**
 * Time to live, which the engine lacks: its two operations, and a sweep that deletes what has expired.
 * As in DynamoDB, expired items stay readable until the sweep comes by, and deleting them costs no write units.
 * @param file where the settings are kept; absent = memory only.
 */
export async function createTimeToLive({ engine, file, now }: { engine: Engine; file?: string; now: () => number }) {
  const attributes = await readSettings(file);
  /** Where the walk through each table goes on. */
  const cursors = new Map<string, WireItem>();
  let saving = Promise.resolve();

  async function save(): Promise<void> {
    if (file === undefined) return;
    const before = saving;
    saving = (async () => {
      // One at a time; that the one before failed was told to who asked for it.
      await before.catch(() => undefined);
      await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(attributes)));
      await rename(`${file}.new`, file);
    })();
    await saving;
  }

  const request = (operation: "Scan" | "DeleteItem", body: Data) => engine.execute(operation, engine.validate(operation, body));

  /** Looks at the next piece of one table. @returns items deleted, and whether the end was reached. */
  async function step(table: string, attribute: string): Promise<{ deleted: number; done: boolean }> {
    const { KeySchema } = await engine.table(table);
    const names = new Set([...KeySchema.map((key) => key.AttributeName), attribute]);
    const aliases = Object.fromEntries([...names].map((name, position) => [`#n${position}`, name]));
    const from = cursors.get(table);
    const page = await request("Scan", {
      TableName: table,
      Limit: STEP_ITEMS,
      ProjectionExpression: Object.keys(aliases).join(", "),
      ExpressionAttributeNames: aliases,
      ...(from && { ExclusiveStartKey: from }),
    });
    let deleted = 0;
    const nowSeconds = Math.floor(now() / 1000);
    for (const item of page.Items as WireItem[]) {
      const seen = item[attribute];
      if (!isExpired(seen, nowSeconds)) continue;
      const Key = Object.fromEntries(KeySchema.map(({ AttributeName }) => [AttributeName, item[AttributeName]]));
      try {
        // Only what still is as it was seen: a put in between may have given it a new life.
        await request("DeleteItem", {
          TableName: table,
          Key,
          ConditionExpression: "#ttl = :seen",
          ExpressionAttributeNames: { "#ttl": attribute },
          ExpressionAttributeValues: { ":seen": seen },
        });
        deleted += 1;
      } catch (error) {
        if ((error as Error).name !== "ConditionalCheckFailedException") throw error;
      }
    }
    const next = page.LastEvaluatedKey as WireItem | undefined;
    if (next) cursors.set(table, next);
    else cursors.delete(table);
    return { deleted, done: next === undefined };
  }

  return {
    /** UpdateTimeToLive. @throws WireError when the table is missing or the setting is what it was. */
    async update(body: Data): Promise<Data> {
      const table = String(body.TableName);
      await engine.table(table);
      const parsed = specificationSchema.safeParse(body.TimeToLiveSpecification);
      if (!parsed.success) throw validationError("TimeToLiveSpecification must name an attribute and say whether it is enabled");
      const { AttributeName, Enabled } = parsed.data;
      const current = attributes.get(table);
      if (Enabled && current !== undefined) {
        throw validationError(current === AttributeName ? "TimeToLive is already enabled" : `TimeToLive is active on a different AttributeName: current AttributeName is ${current}`);
      }
      if (!Enabled && current === undefined) throw validationError("TimeToLive is already disabled");
      if (Enabled) attributes.set(table, AttributeName);
      else attributes.delete(table);
      await save();
      return { TimeToLiveSpecification: { AttributeName, Enabled } };
    },

    /** DescribeTimeToLive. @throws WireError ResourceNotFoundException. */
    async describe(body: Data): Promise<Data> {
      const table = String(body.TableName);
      await engine.table(table);
      const AttributeName = attributes.get(table);
      return {
        TimeToLiveDescription: AttributeName === undefined ? { TimeToLiveStatus: "DISABLED" } : { TimeToLiveStatus: "ENABLED", AttributeName },
      };
    },

    /** To be called when a table was deleted. */
    async drop(table: string): Promise<void> {
      cursors.delete(table);
      if (attributes.delete(table)) await save();
    },

    /** Looks at the next piece of each table. @returns items deleted. */
    async sweepStep(): Promise<number> {
      let deleted = 0;
      for (const [table, attribute] of attributes) deleted += (await step(table, attribute)).deleted;
      return deleted;
    },

    /** Walks each table to its end. @returns items deleted. */
    async sweep(): Promise<number> {
      let deleted = 0;
      for (const [table, attribute] of attributes) {
        let done = false;
        cursors.delete(table);
        while (!done) {
          const result = await step(table, attribute);
          deleted += result.deleted;
          done = result.done;
        }
      }
      return deleted;
    },
  };
}
