import { type AttributeValue, ScanCommand } from "@aws-sdk/client-dynamodb";
import type { Stack } from "#infra/testing/stack.ts";
import type { Content } from "./oracle.ts";

/** Reads an item with nothing of the product's own code. */
function contentOf(item: Readonly<Record<string, AttributeValue>>): Content {
  const text = (name: string): string | null => item[name]?.S ?? null;
  return {
    id: text("id") ?? "",
    userId: text("userId") ?? "",
    type: text("type") ?? "",
    occurredAt: text("occurredAt") ?? "",
    sessionId: text("sessionId"),
    source: text("source"),
    properties: text("properties"),
  };
}

/** All that the table holds, a page at a time. */
export async function* storedContents({ clients, backend }: Pick<Stack, "clients" | "backend">): AsyncGenerator<Content[]> {
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page = await clients.dynamodb.send(new ScanCommand({ TableName: backend.table, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) }));
    yield (page.Items ?? []).map(contentOf);
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}
