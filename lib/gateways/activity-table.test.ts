import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect, it } from "vitest";
import { createActivityTable } from "./activity-table.ts";

const stored = {
  userId: "maria",
  id: "a-1",
  type: "page.view",
  occurredAt: "2026-01-31T12:00:00.000Z",
  acceptedAt: "2026-01-31T12:00:01.000Z",
  storedAt: "2026-01-31T12:00:02.000Z",
};
const text = Object.fromEntries(Object.entries(stored).map(([name, S]) => [name, { S }]));

it("reads items that hold more than this release knows", async () => {
  const item = { ...text, sk: { S: `${stored.occurredAt}#a-1` }, expiresAt: { N: "1790000000" }, device: { S: "phone" }, tags: { SS: ["x"] } };
  const client = { send: () => Promise.resolve({ Items: [item] }) } as unknown as DynamoDBClient;
  const page = await createActivityTable({ client, table: "activities" }).queryUser({ userId: "maria", limit: 10, newestFirst: true });
  expect(page.items).toEqual([{ ...stored, expiresAt: 1_790_000_000 }]);
});
