import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";

/** What asking for a claim gives. `taken`: another claim stands that is not marked done. */
export type ClaimAnswer = { kind: "claimed" } | { kind: "done" } | { kind: "taken"; claim: string };

export type PushFilter = ReturnType<typeof createPushFilter>;

/**
 * The dedup filter of pushes: a DynamoDB table of its own, partition key `key` (text), TTL attribute `expiresAt`.
 * A row is a claim until it is marked done. Claims carry no time of day, since clocks differ: whoever meets another's
 * claim waits its lease out by a clock that never jumps, and then takes over that very claim and no other.
 * Every method throws the SDK's error; after an unanswered call the same call may be made again.
 *
 * @param keptSeconds how long a row is kept; 0 = for ever.
 */
export function createPushFilter({
  client,
  table,
  keptSeconds,
  now,
}: {
  client: Pick<DynamoDBClient, "send">;
  table: string;
  keptSeconds: number;
  now: () => number;
}) {
  const options = (signal?: AbortSignal) => (signal ? { abortSignal: signal } : {});
  const row = (key: string, claim: string, state: "claimed" | "done") => ({
    key: { S: key },
    claim: { S: claim },
    state: { S: state },
    ...(keptSeconds > 0 && { expiresAt: { N: String(Math.ceil(now() / 1000) + keptSeconds) } }),
  });
  const names = { "#claim": "claim", "#state": "state" };

  return {
    table,

    /**
     * Claims the push of `key`.
     * @param claim names this claim, unique for each try of a push; asking again with the same one is harmless.
     * @param over a claim whose lease was waited out: it is taken over, if it still stands.
     */
    async claim({ key, claim, over }: { key: string; claim: string; over?: string | undefined }, signal?: AbortSignal): Promise<ClaimAnswer> {
      try {
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: row(key, claim, "claimed"),
            ConditionExpression: "attribute_not_exists(#claim) OR (#state = :claimed AND (#claim = :mine OR #claim = :over))",
            ExpressionAttributeNames: names,
            ExpressionAttributeValues: { ":claimed": { S: "claimed" }, ":mine": { S: claim }, ":over": { S: over ?? claim } },
          }),
          options(signal),
        );
        return { kind: "claimed" };
      } catch (thrown) {
        if (!(thrown instanceof ConditionalCheckFailedException)) throw thrown;
      }
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key: { key: { S: key } }, ConsistentRead: true }), options(signal));
      if (Item?.state?.S === "done") return { kind: "done" };
      // Given back between the two calls: taken as of now, free at the next look.
      return { kind: "taken", claim: Item?.claim?.S ?? "" };
    },

    /** Notes that the push was made. Unconditional: it was made, whoever holds the claim by now. */
    async markDone({ key, claim }: { key: string; claim: string }, signal?: AbortSignal): Promise<void> {
      await client.send(new PutItemCommand({ TableName: table, Item: row(key, claim, "done") }), options(signal));
    },

    /** Gives a claim back whose push was not made, so that the next try need not wait. Another's claim is left. */
    async giveBack({ key, claim }: { key: string; claim: string }, signal?: AbortSignal): Promise<void> {
      try {
        await client.send(
          new DeleteItemCommand({
            TableName: table,
            Key: { key: { S: key } },
            ConditionExpression: "#state = :claimed AND #claim = :mine",
            ExpressionAttributeNames: names,
            ExpressionAttributeValues: { ":claimed": { S: "claimed" }, ":mine": { S: claim } },
          }),
          options(signal),
        );
      } catch (thrown) {
        if (!(thrown instanceof ConditionalCheckFailedException)) throw thrown;
      }
    },
  };
}
