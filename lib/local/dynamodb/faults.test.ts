import { DynamoDBClient, CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { afterEach, describe, expect, it } from "vitest";
import { createActivityTable, toItem } from "#lib/gateways/activity-table.ts";
import { type LocalDynamoDb, startDynamoDb } from "./server.ts";

let server: LocalDynamoDb;
afterEach(() => server.close());

const itemOf = (userId: string) =>
  toItem(
    { id: "a", userId, type: "page.view", occurredAt: "2026-01-31T12:00:00.000Z" },
    { acceptedAt: "2026-01-31T12:00:00.000Z", storedAt: "2026-01-31T12:00:01.000Z", sequence: "1", retentionDays: 0 },
  );

async function setFaults(rules: unknown): Promise<number> {
  const answer = await fetch(server.url, {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.SpillwaySetFaults" },
    body: JSON.stringify({ rules }),
  });
  return answer.status;
}

describe("planted faults", () => {
  it("refuse every put of one key, alone or in a batch, until they are taken away", async () => {
    server = await startDynamoDb({ port: 0 });
    const client = new DynamoDBClient({ region: "us-east-1", endpoint: server.url, credentials: { accessKeyId: "a", secretAccessKey: "b" }, maxAttempts: 1 });
    await client.send(
      new CreateTableCommand({
        TableName: "activities",
        AttributeDefinitions: [{ AttributeName: "userId", AttributeType: "S" }, { AttributeName: "sk", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "userId", KeyType: "HASH" }, { AttributeName: "sk", KeyType: "RANGE" }],
        ProvisionedThroughput: { ReadCapacityUnits: 10, WriteCapacityUnits: 10 },
      }),
    );
    const table = createActivityTable({ client, table: "activities" });
    const refused = { name: "ValidationException", message: "planted" };
    expect(await setFaults([{ table: "activities", partitionKey: "bad", message: "planted" }])).toBe(200);
    await expect(table.put(itemOf("bad"))).rejects.toMatchObject(refused);
    await expect(table.putBatch([itemOf("good"), itemOf("bad")])).rejects.toMatchObject(refused);
    expect((await table.queryUser({ userId: "good", limit: 1, newestFirst: true })).items).toEqual([]);
    await table.put(itemOf("good"));
    expect(await setFaults([])).toBe(200);
    await table.put(itemOf("bad"));
    expect((await table.queryUser({ userId: "bad", limit: 1, newestFirst: true })).items).toHaveLength(1);
  });

  it("are refused themselves when they are not rules", async () => {
    server = await startDynamoDb({ port: 0 });
    expect(await setFaults("all")).toBe(400);
    expect(await setFaults([{ table: "activities" }])).toBe(400);
  });
});
