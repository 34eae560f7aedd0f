import fc from "fast-check";
import { expect, test } from "vitest";
import { createConsumption } from "./consumption.ts";
import { openEngine } from "./engine.ts";
import { createFront } from "./front.ts";
import { createTableRegistry } from "./table-limits.ts";

const START_MS = 1_800_000_000_000;
const LARGEST_UNITS = 20;

async function openFront({ writeUnits, burstSeconds }: { writeUnits: number; burstSeconds: number }) {
  const clock = { ms: START_MS };
  const now = () => clock.ms;
  const engine = await openEngine({ region: "us-east-1" });
  const consumption = createConsumption({ now });
  const tables = createTableRegistry({ describe: engine.table, burstSeconds, now });
  const front = createFront({ engine, tables, consumption, now });
  const run = (operation: Parameters<typeof front>[0], body: Record<string, unknown>) => front(operation, engine.validate(operation, body));
  await run("CreateTable", {
    TableName: "things",
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    ProvisionedThroughput: { WriteCapacityUnits: writeUnits, ReadCapacityUnits: 10 },
  });
  await expect.poll(async () => (await engine.table("things")).TableStatus).toBe("ACTIVE");
  return { engine, clock, run, consumption };
}

const history = fc.array(
  fc.record({
    waitMs: fc.oneof(fc.nat(200), fc.nat(4_000)),
    kilobytes: fc.array(fc.integer({ min: 0, max: LARGEST_UNITS - 1 }), { minLength: 1, maxLength: 25 }),
  }),
  { minLength: 1, maxLength: 20 },
);

test("whatever the batches, what is written stays within rate * t + burst, and nothing is both stored and handed back", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 3 }), history, async (writeUnits, burstSeconds, batches) => {
      const { engine, clock, run, consumption } = await openFront({ writeUnits, burstSeconds });
      const stored: string[] = [];
      const spent: { atMs: number; units: number }[] = [];
      let number = 0;
      for (const { waitMs, kilobytes } of batches) {
        clock.ms += waitMs;
        const requests = kilobytes.map((size) => ({ PutRequest: { Item: { id: { S: `i${(number += 1)}` }, text: { S: "x".repeat(size * 1024) } } } }));
        try {
          const answer = await run("BatchWriteItem", { RequestItems: { things: requests }, ReturnConsumedCapacity: "TOTAL" });
          const back = (answer.UnprocessedItems as Record<string, typeof requests>).things ?? [];
          const ids = new Set(back.map((request) => request.PutRequest.Item.id.S));
          stored.push(...requests.map((request) => request.PutRequest.Item.id.S).filter((id) => !ids.has(id)));
          spent.push({ atMs: clock.ms, units: (answer.ConsumedCapacity as { CapacityUnits: number }[])[0]?.CapacityUnits ?? 0 });
        } catch (error) {
          expect((error as Error).name).toBe("ProvisionedThroughputExceededException");
        }
      }
      const found = (await engine.execute("Scan", engine.validate("Scan", { TableName: "things" }))).Items as { id: { S: string } }[];
      expect(found.map((item) => item.id.S).toSorted()).toEqual(stored.toSorted());

      const held = Math.max(writeUnits * Math.max(1, burstSeconds), LARGEST_UNITS);
      spent.forEach((first, from) => {
        let sum = 0;
        for (const { atMs, units } of spent.slice(from)) {
          sum += units;
          expect(sum).toBeLessThanOrEqual((writeUnits * (atMs - first.atMs)) / 1000 + held + 1e-6);
        }
      });
      const counted = consumption.of("things").reduce((sum, second) => sum + second.writeUnits, 0);
      expect(counted).toBe(spent.reduce((sum, { units }) => sum + units, 0));
      await engine.close();
    }),
    { numRuns: 30 },
  );
});
