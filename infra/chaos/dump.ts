import { type AttributeValue, ScanCommand } from "@aws-sdk/client-dynamodb";
import type { Stack } from "#infra/testing/stack.ts";
import type { Db } from "#lib/gateways/db.ts";
import { contentOf, type DeathFact, idOfBody, type ItemFact } from "./facts.ts";

function toItem(item: Record<string, AttributeValue>): ItemFact {
  const text = (name: string) => item[name]?.S;
  const optional = (name: "sessionId" | "source" | "properties") => {
    const value = text(name);
    return value === undefined ? {} : { [name]: value };
  };
  const [id = "", userId = ""] = [text("id"), text("userId")];
  const content = contentOf({ id, userId, type: text("type") ?? "", occurredAt: text("occurredAt") ?? "", ...optional("sessionId"), ...optional("source"), ...optional("properties") });
  return { id, userId, content };
}

/** All items of the table. */
export async function dumpTable({ clients, backend }: Pick<Stack, "clients" | "backend">): Promise<ItemFact[]> {
  const items: ItemFact[] = [];
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page = await clients.dynamodb.send(new ScanCommand({ TableName: backend.table, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) }));
    items.push(...(page.Items ?? []).map(toItem));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return items;
}

/** The ledger's deaths. */
export async function dumpDeaths(db: Db): Promise<DeathFact[]> {
  const rows = await db.death.findMany({ select: { id: true, body: true, reason: true, status: true } });
  return rows.map(({ id, body, reason, status }) => ({ id: idOfBody(body), deathId: id, reason, status }));
}

/** The ids that the DLQ holds, read from the stand-in's own state: no receive hides any of it. */
export function dumpDeadLetters({ sqs, backend }: Pick<Stack, "sqs" | "backend">): string[] {
  const ids: string[] = [];
  for (const line of sqs.engine.snapshot()) {
    if (line.kind === "message" && line.queue === backend.deadLetterQueue) ids.push(idOfBody(line.content.body));
  }
  return ids;
}
