import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPostgresOnly } from "#infra/testing/postgres-only.ts";
import { type Db, openDb } from "#lib/gateways/db.ts";
import { createIngestSamples } from "#lib/gateways/ingest-samples.ts";

let postgres: Awaited<ReturnType<typeof startPostgresOnly>>;
let db: Db;

beforeAll(async () => {
  postgres = await startPostgresOnly();
  db = openDb({ databaseUrl: postgres.databaseUrl, applicationName: "test" });
});

afterAll(async () => {
  await db.$disconnect();
  await postgres.close();
});

describe("createIngestSamples", () => {
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
  const row = (processId: string, second: number, accepted: number) => ({ processId, second: at(second), accepted, refused: 1, unknown: 0 });

  it("sums the processes by the second, counts a repeated write once, and keeps queues apart", async () => {
    const samples = createIngestSamples({ db, queue: "one" });
    const other = createIngestSamples({ db, queue: "two" });
    await samples.add([]);
    await samples.add([row("a", 1, 5), row("a", 2, 7)]);
    await samples.add([row("a", 2, 8), row("b", 2, 1)]);
    await other.add([row("c", 2, 100)]);
    expect(await samples.perSecond({ from: at(0), to: at(3) })).toEqual([
      { second: at(1), processes: 1, accepted: 5, refused: 1, unknown: 0 },
      { second: at(2), processes: 2, accepted: 9, refused: 2, unknown: 0 },
    ]);
    expect(await samples.perSecond({ from: at(0), to: at(2) })).toHaveLength(1);
    expect(await samples.prune({ before: at(2) })).toBe(1);
    expect(await samples.perSecond({ from: at(0), to: at(3) })).toHaveLength(1);
    expect(await other.perSecond({ from: at(0), to: at(3) })).toHaveLength(1);
  });
});
