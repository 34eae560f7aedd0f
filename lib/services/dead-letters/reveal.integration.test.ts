import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { useDeadLetters } from "#infra/testing/dead-letter-hooks.ts";
import { deathFacts, dyingMessage } from "#infra/testing/dead-letters.ts";
import { allowScript } from "#lib/auth/scripts.ts";
import { deadLetterDetailSchema } from "#lib/contracts/dead-letters.ts";
import { detail } from "./detail.ts";
import { reveal } from "./reveal.ts";

const stores = useDeadLetters();
const READ = allowScript("dead_letters:read", "ada");
const REVEAL = allowScript("dead_letters:reveal", "ada");
const BODY = JSON.stringify({ v: 1, acceptedAt: "2026-01-31T12:00:01.000Z", activity: { id: "a-1", userId: "user-1", type: "page.view", occurredAt: "2026-01-31T12:00:00.000Z", properties: '{"email":"ann@example.com"}' } });

test("the detail of a death holds nothing of the body's values; asked for, it is the body as it died", async () => {
  const { death } = await stores.ledger.decide(deathFacts(dyingMessage({ body: BODY })));
  const read = await detail({ ctx: stores, by: READ, input: { id: death.id } });
  expect(deadLetterDetailSchema.strict().parse(read)).toMatchObject({ userId: "user-1", activityId: "a-1", bodyBytes: BODY.length });
  expect(JSON.parse(read?.maskedBody ?? "")).toMatchObject({ activity: { userId: "user-1", properties: { email: "(string)" } } });
  expect(JSON.stringify(read)).not.toContain("ann@example.com");
  expect(await reveal({ ctx: stores, by: REVEAL, input: { id: death.id } })).toEqual({ body: BODY });
});

test("there is nothing to reveal of an id that is not there", async () => {
  expect(await reveal({ ctx: stores, by: REVEAL, input: { id: randomUUID() } })).toBeNull();
});
