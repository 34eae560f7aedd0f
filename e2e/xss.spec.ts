import { randomUUID } from "node:crypto";
import { expect, type Page, test } from "@playwright/test";
import { openDatabase } from "#e2e/database.ts";
import { MARKUP, withHostileText } from "#e2e/hostile-text.ts";
import { openStack } from "#e2e/stack.ts";
import { expectShown, watch } from "#e2e/watch.ts";
import { type ApiKey, apiKeyListSchema, newApiKeySchema } from "#lib/contracts/api-keys.ts";
import { type AuditAct, auditListSchema } from "#lib/contracts/audit.ts";
import { type ActivitySearchResult, activitySearchResultSchema } from "#lib/contracts/activity-search.ts";
import {
  type DeadLetterDetail,
  deadLetterDetailSchema,
  deadLetterListSchema,
  failingListSchema,
  type RedriveReceipt,
  redriveReceiptSchema,
  redriveRunListSchema,
  redriveRunSchema,
  revealedBodySchema,
} from "#lib/contracts/dead-letters.ts";
import { overviewHistorySchema, overviewSchema } from "#lib/contracts/overview.ts";
import { type Person, peopleListSchema, type PersonSession, personSessionsSchema } from "#lib/contracts/people.ts";

/*
 * XSS payloads in every shown field run nothing. Two ways: each answer that a page shows gets markup in every field
 * whose contract allows any text; and markup is sent in as producers and people can, and read back through the server.
 */

const AT = "2026-01-31T12:00:00.000Z";
const RUN = "00000000-0000-4000-8000-000000000003";

const death: DeadLetterDetail = {
  id: "00000000-0000-4000-8000-000000000001",
  messageId: "message",
  userId: "user",
  activityId: "activity",
  type: "type",
  occurredAt: AT,
  reason: "rejected_by_table",
  error: "error",
  attempts: 5,
  worker: "worker",
  sentAt: AT,
  firstFailedAt: AT,
  lastFailedAt: AT,
  diedAt: AT,
  status: "open",
  resolvedAt: null,
  awaitingSweep: false,
  redrive: { runId: RUN, state: "bounced", bouncedDeathId: null },
  redrivenFrom: null,
  maskedBody: "body",
  bodyBytes: 4,
  history: [{ at: AT, worker: "worker", reason: "rejected_by_table", error: "error" }],
};
const run: RedriveReceipt = {
  id: RUN,
  actor: "actor",
  reason: "reason",
  selected: 1,
  state: "finished",
  createdAt: AT,
  finishedAt: AT,
  counts: { pending: 0, sent: 0, stored: 0, bounced: 1 },
  items: [{ deathId: death.id, userId: "user", activityId: "activity", state: "bounced", sentAt: AT, resolvedAt: AT, bouncedDeathId: null, bouncedReason: "malformed", bouncedError: "error" }],
};
const { items: _items, ...runRow } = run;
const counts = { open: { value: 1, capped: false }, awaitingSweep: { value: 0, capped: false }, failing: { value: 1, capped: false } };
const { maskedBody: _masked, bodyBytes: _bytes, history: _history, ...deathRow } = death;
const failing = { messageId: "message", userId: "user", activityId: "activity", type: "type", attempts: 1, firstFailedAt: AT, lastFailedAt: AT, lastError: "error" };
const activities: ActivitySearchResult = {
  items: [
    activitySearchResultSchema.shape.items.element.parse({
      id: "activity",
      userId: "user",
      type: "type",
      occurredAt: AT,
      sessionId: "session",
      source: "source",
      properties: '{"a":"b"}',
      acceptedAt: AT,
      storedAt: AT,
      sequence: "1",
    }),
  ],
  nextCursor: null,
  asOf: AT,
};

const apiKey: ApiKey = {
  id: "AAAAAAAAAAAA",
  name: "name",
  scopes: ["ingest"],
  state: "live",
  createdAt: AT,
  createdBy: "somebody",
  expiresAt: null,
  revokedAt: null,
  revokedBy: "somebody",
  lastUsedAt: null,
  rotatedFrom: null,
};
const link = { seq: 1, prevHash: "0", hash: "1" };
const act: AuditAct = {
  id: RUN,
  at: AT,
  action: "drain.rate",
  actor: { id: "id", name: "name", email: "email", role: "admin" },
  target: "target",
  reason: "reason",
  asked: '{"rate":1}',
  before: '{"rate":1}',
  after: '{"rate":2}',
  outcome: "failed",
  error: "error",
  endedAt: AT,
  links: { first: link, outcome: link },
};
const person: Person = {
  id: RUN,
  email: "email",
  name: "name",
  role: "support",
  demo: false,
  state: "active",
  hasPassword: true,
  singleSignOn: false,
  createdAt: AT,
  createdBy: "somebody",
  lastSignInAt: AT,
  disabledAt: null,
  sessions: 1,
  linkExpiresAt: null,
};
const session: PersonSession = { id: RUN, createdAt: AT, lastSeenAt: AT, endsAt: AT, ipAddress: "address", userAgent: "browser", current: false };

async function answers(page: Page, glob: string, schema: { safeParse(value: unknown): { success: boolean } }, sample: unknown, least: number): Promise<void> {
  expect(schema.safeParse(sample).success, glob).toBe(true);
  const { answer, fields } = withHostileText(sample, schema);
  expect(fields, glob).toBeGreaterThanOrEqual(least);
  await page.route(glob, (route) => route.fulfill({ json: answer }));
}

// The pages poll: an answer that is being changed when a test ends is nobody's failure.
test.afterEach(({ page }) => page.unrouteAll({ behavior: "ignoreErrors" }));

test("in every field that the overview shows", async ({ page }) => {
  const found = await watch(page);
  for (const [glob, schema] of [
    ["**/api/overview", overviewSchema],
    ["**/api/overview/history*", overviewHistorySchema],
  ] as const) {
    await page.route(glob, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: withHostileText(await answer.json(), schema).answer });
    });
  }
  await page.goto("/");
  await expect(page.getByTestId("live-state")).toHaveAttribute("data-state", "connected");
  await expectShown(page);
  expect(found).toEqual([]);
  // What watches sees what runs.
  await page.evaluate("globalThis.ran = 1");
  await expect.poll(() => found).toEqual(["ran"]);
});

test("in every field that dead letters, their drawer and their runs show", async ({ page }) => {
  const found = await watch(page);
  await answers(page, "**/api/dead-letters/*", deadLetterDetailSchema, death, 8);
  await answers(page, "**/api/dead-letters/*/reveal", revealedBodySchema, { body: "body" }, 1);
  await answers(page, "**/api/dead-letters/search*", deadLetterListSchema, { items: [deathRow], nextCursor: null, counts }, 5);
  await answers(page, "**/api/dead-letters/failing", failingListSchema, { items: [failing] }, 5);
  await answers(page, "**/api/redrives", redriveRunListSchema, { items: [redriveRunSchema.parse(runRow)] }, 2);
  await answers(page, "**/api/redrives/*", redriveReceiptSchema, run, 4);
  await page.goto("/dead-letters");
  await expectShown(page);
  await page.getByRole("button", { name: /^Details of/ }).first().click();
  const drawer = page.getByRole("dialog");
  await drawer.getByRole("button", { name: "Reveal" }).click();
  await expect(drawer.getByText(MARKUP.slice(0, 40)).first()).toBeAttached();
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();
  await page.getByRole("checkbox", { name: /^Select/ }).last().check();
  await page.getByRole("button", { name: "Redrive 1 selected" }).click();
  await expect(page.getByRole("dialog", { name: "Redrive dead letters" })).toBeVisible();
  await page.goto(`/dead-letters/runs/${RUN}`);
  await expectShown(page);
  expect(found).toEqual([]);
});

test("in every field that a search of activities shows", async ({ page }) => {
  const found = await watch(page);
  await answers(page, "**/api/activities/search", activitySearchResultSchema, activities, 4);
  await page.goto("/activity");
  await page.getByRole("textbox", { name: "User id" }).fill(MARKUP.slice(0, 250));
  await page.getByRole("button", { name: "Search" }).click();
  await expectShown(page);
  await page.getByRole("button", { name: /^Details of/ }).first().click();
  await expect(page.getByRole("dialog").getByText(MARKUP.slice(0, 40)).first()).toBeAttached();
  expect(found).toEqual([]);
});

test("in every field that API keys and the dialog of a new one show", async ({ page }) => {
  const found = await watch(page);
  await answers(page, "**/api/keys", apiKeyListSchema, { items: [apiKey, { ...apiKey, state: "revoked", revokedAt: AT }], moreEnded: false }, 6);
  await answers(page, "**/api/keys/*/rotate", newApiKeySchema, { key: "key", apiKey }, 3);
  await page.goto("/keys");
  await expectShown(page);
  await page.getByRole("button", { name: /^Revoke/ }).first().click();
  await expect(page.getByRole("dialog").getByText(MARKUP.slice(0, 40)).first()).toBeAttached();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Rotate/ }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: /rotate|make|create/i }).last().click();
  await expect(page.getByRole("dialog").getByText(MARKUP.slice(0, 40)).first()).toBeAttached();
  expect(found).toEqual([]);
});

test("in every field that the audit log and one act show", async ({ page }) => {
  const found = await watch(page);
  await answers(page, "**/api/audit?*", auditListSchema, { items: [act], nextBefore: null, protected: true }, 10);
  await answers(page, "**/api/audit", auditListSchema, { items: [act], nextBefore: null, protected: true }, 10);
  await page.goto(`/audit?who=${encodeURIComponent(MARKUP.slice(0, 200))}`);
  await expectShown(page);
  await page.goto(`/audit?act=${RUN}`);
  await expect(page.getByRole("dialog").getByText(MARKUP.slice(0, 40)).first()).toBeAttached();
  await expectShown(page);
  expect(found).toEqual([]);
});

test("in every field that people and their sessions show", async ({ page }) => {
  const found = await watch(page);
  await answers(page, "**/api/people", peopleListSchema, { items: [person] }, 3);
  await answers(page, "**/api/people/*/sessions", personSessionsSchema, { items: [session] }, 2);
  await page.goto("/people");
  await expectShown(page);
  await page.getByRole("button", { name: /^Manage/ }).first().click();
  await expect(page.getByRole("dialog").getByText(MARKUP.slice(0, 40)).first()).toBeAttached();
  expect(found).toEqual([]);
});

test("in what the sign-in page takes from its address", async ({ page, context }) => {
  const found = await watch(page);
  await context.clearCookies();
  const text = encodeURIComponent(MARKUP);
  await page.goto(`/sign-in?next=${text}&problem=${text}`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.goto(`/invitation?token=${text}#${text}`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  expect(found).toEqual([]);
});

test("written into the database by whatever is hostile there: a worker's name and error, a dead letter's type and error", async ({ page }) => {
  const database = await openDatabase();
  const found = await watch(page);
  const id = randomUUID();
  const [queue] = (await database.query<{ queue: string }>("SELECT queue FROM drain")).rows;
  try {
    await database.query(
      `INSERT INTO worker (id, queue, host, pid, version, state, started_at, last_seen_at, last_error, last_error_at) VALUES ($1, $2, $1, 1, $1, 'running', now(), now(), $1, now())`,
      [MARKUP, queue?.queue],
    );
    await database.query(
      `INSERT INTO death (id, queue, message_id, user_id, activity_id, type, reason, error, attempts, worker, first_failed_at, last_failed_at, died_at, body, dlq_message_id, history)
       VALUES ($1, $2, $3, $4, $4, $4, 'handler_failed', $4, 5, $4, now(), now(), now(), $4, 'x', jsonb_build_array(jsonb_build_object('at', $5::text, 'worker', $4::text, 'reason', 'handler_failed', 'error', $4::text)))`,
      [id, queue?.queue, `hostile ${id}`, MARKUP, AT],
    );
    // Drawn by the server, and again by the page.
    await page.goto("/");
    await expect(page.getByRole("table", { name: "Workers" })).toContainText(MARKUP.slice(0, 20));
    await expectShown(page);
    await page.goto("/dead-letters");
    await expectShown(page);
    await page.goto(`/dead-letters?death=${id}`);
    await expect(page.getByRole("dialog").getByText(MARKUP.slice(0, 40)).first()).toBeAttached();
    await expectShown(page);
    expect(found).toEqual([]);
  } finally {
    await database.query("DELETE FROM worker WHERE id = $1", [MARKUP]);
    await database.query("DELETE FROM death WHERE id = $1", [id]);
    await database.end();
  }
});

test("sent in by a producer, planted in the queue, given as a reason or in the address, and drawn by the server", async ({ page }) => {
  const stack = await openStack();
  const found = await watch(page);
  const text = MARKUP.slice(0, 256);
  const sent = await stack.send([{ id: "markup", userId: text, type: "chat.message", occurredAt: AT, source: text.slice(0, 64), properties: { [text]: text } }]);
  expect(sent.status).toBe(202);
  const messageId = await stack.plant(MARKUP, "markup");
  stack.close();

  await page.goto(`/?range=${encodeURIComponent(text)}`);
  const apply = page.getByRole("button", { name: "Apply" });
  const rate = page.getByRole("textbox", { name: "Drain rate (WCU/s)" });
  const wanted = (await rate.inputValue()) === "150" ? "151" : "150";
  await rate.fill(wanted);
  const reason = page.getByRole("textbox", { name: /Reason/ });
  await reason.fill(text);
  await apply.click();
  await expect(page.getByText(`Applied: ${wanted} WCU/s`)).toBeVisible();
  await page.reload();
  await expect(page.getByTestId("live-state")).toHaveAttribute("data-state", "connected");

  // As the reason of an act: in the list that the server draws, and in the act's details.
  await page.goto("/audit?action=drain.rate");
  await page.getByRole("button", { name: /^Details of/ }).first().click();
  await expect(page.getByRole("dialog")).toContainText(wanted);
  await expectShown(page);

  await page.goto(`/dead-letters?status=${encodeURIComponent(text)}`);
  await expect(page.getByRole("checkbox", { name: `Select ${messageId}` })).toBeVisible({ timeout: 30_000 });
  await page.getByRole("button", { name: `Details of ${messageId}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Reveal" }).click();
  await expect(page.getByRole("dialog").getByText(MARKUP.slice(0, 40)).first()).toBeAttached();

  await page.goto("/activity");
  await page.getByRole("textbox", { name: "User id" }).fill(text);
  await expect(async () => {
    await page.getByRole("button", { name: "Search" }).click();
    await expect(page.getByRole("table", { name: "Activities" })).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 30_000 });
  await page.getByRole("button", { name: /^Details of/ }).first().click();
  await expect(page.getByRole("dialog").getByText(text.slice(0, 40)).first()).toBeAttached();

  await page.goto(`/${encodeURIComponent(text)}`);
  await expect(page.getByRole("heading", { level: 1, name: "There is nothing at this address" })).toBeVisible();
  expect(found).toEqual([]);
});
