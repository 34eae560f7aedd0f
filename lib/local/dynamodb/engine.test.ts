import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openEngine } from "./engine.ts";
import { createTimeToLive } from "./time-to-live.ts";

/** Writes a table's entry past the engine, as a process killed half-way leaves it. */
async function writeEntry(path: string, table: { TableName: string; TableStatus: string }): Promise<void> {
  const { create } = createRequire(import.meta.url)("dynalite/db") as {
    create: (options: object) => {
      tableDb: { put: (name: string, table: object, done: () => void) => void };
      lifecycleManager: { gracefulClose: () => Promise<void> };
    };
  };
  const store = create({ path });
  await new Promise<void>((done) => {
    store.tableDb.put(table.TableName, table, done);
  });
  await store.lifecycleManager.gracefulClose();
}

const TABLE = {
  TableName: "things",
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
  ProvisionedThroughput: { WriteCapacityUnits: 5, ReadCapacityUnits: 5 },
};

test.each([
  ["CREATING", ["things"]],
  ["UPDATING", ["things"]],
  ["DELETING", []],
])("a table that was %s when the process was killed is put right at the next start", async (status, left) => {
  const path = await mkdtemp(join(tmpdir(), "engine-"));
  try {
    const before = await openEngine({ path, region: "us-east-1" });
    await before.execute("CreateTable", before.validate("CreateTable", structuredClone(TABLE)));
    await expect.poll(async () => (await before.table("things")).TableStatus).toBe("ACTIVE");
    const table = await before.table("things");
    await before.close();
    await writeEntry(path, { ...table, TableStatus: status });

    const after = await openEngine({ path, region: "us-east-1" });
    await expect.poll(() => after.tableNames()).toEqual(left);
    for (const name of left) expect((await after.table(name)).TableStatus).toBe("ACTIVE");
    await after.close();
  } finally {
    await rm(path, { recursive: true });
  }
});

test("time to live walks a large table in pieces, and comes round again", async () => {
  const engine = await openEngine({ region: "us-east-1" });
  await engine.execute("CreateTable", engine.validate("CreateTable", structuredClone(TABLE)));
  await expect.poll(async () => (await engine.table("things")).TableStatus).toBe("ACTIVE");
  const put = async (from: number, to: number, expires: number) => {
    for (let number = from; number < to; number += 25) {
      const requests = Array.from({ length: 25 }, (_, index) => ({ PutRequest: { Item: { id: { S: `i${number + index}` }, expires: { N: String(expires) } } } }));
      await engine.execute("BatchWriteItem", engine.validate("BatchWriteItem", { RequestItems: { things: requests } }));
    }
  };
  const nowSeconds = 1_800_000_000;
  const timeToLive = await createTimeToLive({ engine, now: () => nowSeconds * 1000 });
  await timeToLive.update({ TableName: "things", TimeToLiveSpecification: { AttributeName: "expires", Enabled: true } });
  await put(0, 1_500, nowSeconds - 1);
  await put(1_500, 1_600, nowSeconds + 1);
  await put(1_600, 1_700, nowSeconds - 6 * 365 * 86_400);
  const first = await timeToLive.sweepStep();
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThanOrEqual(1_000);
  expect(first + (await timeToLive.sweepStep())).toBe(1_500);
  const left = await engine.execute("Scan", engine.validate("Scan", { TableName: "things", Select: "COUNT" }));
  expect(left.Count).toBe(200);
  await put(0, 25, nowSeconds - 1);
  expect(await timeToLive.sweepStep()).toBe(25);
  await engine.close();
});
