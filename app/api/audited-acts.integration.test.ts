import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { dyingMessage, deathFacts, type DeadLetterStores, openDeadLetters } from "#infra/testing/dead-letters.ts";
import { testPeople } from "#infra/testing/people.ts";
import { type RestartablePostgres, startPostgresOnly } from "#infra/testing/postgres-only.ts";
import type { AuditAction } from "#lib/contracts/audit.ts";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";
import type { RouteContext } from "#lib/http/define-route.ts";

/*
 * The routes themselves on a real database, as the server calls them: each act writes down what is wanted before it, and
 * what became of it after it.
 */

// Says to a bundler that a module is not for browsers; there is none here.
vi.mock("server-only", () => ({}));

const QUEUE = "activities.fifo";
const SECRET = "a secret of the tests, long enough for them";
const ADMIN = "ada@example.com";

let postgres: RestartablePostgres;
let people: ReturnType<typeof testPeople>;
let deadLetters: DeadLetterStores;
let cookie: string;

beforeAll(async () => {
  postgres = await startPostgresOnly();
  const queueUrl = "http://127.0.0.1:1/000000000000";
  // Nothing listens there: these acts need the database alone.
  for (const [name, value] of Object.entries({
    DATABASE_URL: postgres.databaseUrl,
    ACTIVITY_QUEUE_URL: `${queueUrl}/${QUEUE}`,
    ACTIVITY_DLQ_URL: `${queueUrl}/activities-dlq.fifo`,
    ACTIVITY_TABLE: "activities",
    AWS_REGION: "us-east-1",
    AUTH_SECRET: SECRET,
  })) vi.stubEnv(name, value);
  people = testPeople({ databaseUrl: postgres.databaseUrl, config: { secret: SECRET } });
  deadLetters = openDeadLetters({ databaseUrl: postgres.databaseUrl, queue: QUEUE });
  await people.person({ email: ADMIN, role: "admin" });
  cookie = (await people.signIn(ADMIN)).get("cookie") ?? "";
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await people?.close();
  await deadLetters?.close();
  await postgres?.close();
});

type Handler = (request: Request, context: RouteContext) => Promise<Response>;

async function send(handler: Handler, method: string, body: object, params: Record<string, string> = {}): Promise<Response> {
  const headers = { cookie, host: "127.0.0.1:3000", "sec-fetch-site": "same-origin", "content-type": "application/json" };
  return handler(new Request("http://127.0.0.1:3000/api", { method, headers, body: JSON.stringify(body) }), { params: Promise.resolve(params) });
}

const json = (text: string | null): unknown => (text === null ? null : JSON.parse(text));

/** Holds that there is one act of this kind: its intent, then its outcome. */
async function expectAudited(action: AuditAction, { intent, outcome }: { intent: object; outcome: object }): Promise<void> {
  const rows = await people.db.audit.findMany({ where: { action }, orderBy: { seq: "asc" } });
  expect(new Set(rows.map(({ actId }) => actId)).size).toBe(1);
  const said = rows.map(({ kind, queue, actorEmail, actorRole, target, reason, asked, before, after, outcome: end, error }) => {
    return { kind, queue, actorEmail, actorRole, target, reason, asked: json(asked), before: json(before), after: json(after), outcome: end, error };
  });
  expect(said).toMatchObject([
    { kind: "intent", queue: QUEUE, actorEmail: ADMIN, actorRole: "admin", outcome: null, after: null, ...intent },
    { kind: "outcome", queue: QUEUE, actorEmail: ADMIN, actorRole: "admin", outcome: "done", error: null, ...outcome },
  ]);
}

test("each act on the dial", async () => {
  const [{ POST: pause }, { POST: resume }, { POST: setMode }, { POST: override, DELETE: endOverride }, { GET }] = await Promise.all([
    import("#app/api/drain/pause/route.ts"),
    import("#app/api/drain/resume/route.ts"),
    import("#app/api/drain/mode/route.ts"),
    import("#app/api/drain/override/route.ts"),
    import("#app/api/drain/route.ts"),
  ]);
  const drainOf = async (answer: Response) => {
    const text = await answer.text();
    expect(answer.status, text).toBe(200);
    return drainAnswerSchema.parse(JSON.parse(text)).drain;
  };
  let before = await drainOf(await GET(new Request("http://127.0.0.1:3000/api/drain", { headers: { cookie, host: "127.0.0.1:3000", "sec-fetch-site": "same-origin" } }), { params: Promise.resolve({}) }));
  for (const { action, handler, method = "POST", asked, reason = null, after } of [
    { action: "drain.pause", handler: pause, asked: {}, reason: "a look at the table", after: { mode: "paused" } },
    { action: "drain.resume", handler: resume, asked: {}, after: { mode: before.mode } },
    { action: "drain.override", handler: override, asked: { rateWcuPerSecond: 60, seconds: 600 }, reason: "launch", after: { override: { rateWcuPerSecond: 60 } } },
    { action: "drain.override_end", handler: endOverride, method: "DELETE", asked: {}, after: {} },
    { action: "drain.mode", handler: setMode, asked: { mode: "auto" }, after: { mode: "auto" } },
  ] as const) {
    const expectedVersion = before.version;
    const drain = await drainOf(await send(handler, method, { ...asked, ...(reason !== null && { reason }), expectedVersion }));
    expect(drain.version).toBeGreaterThan(expectedVersion);
    await expectAudited(action, {
      intent: { target: QUEUE, reason, asked: { ...asked, expectedVersion }, before: { version: expectedVersion, mode: before.mode } },
      outcome: { target: QUEUE, after: { version: drain.version, ...after } },
    });
    before = drain;
  }
});

test("the start of a redrive", async () => {
  const { POST } = await import("#app/api/redrives/route.ts");
  const { death } = await deadLetters.ledger.decide(deathFacts(dyingMessage()));
  const runId = crypto.randomUUID();
  const answer = await send(POST, "POST", { runId, deathIds: [death.id], reason: "the table takes it again" });
  expect(answer.status, await answer.text()).toBe(200);
  await expectAudited("redrive.start", {
    intent: { target: runId, reason: "the table takes it again", asked: { selected: 1, deathIds: [death.id] } },
    outcome: { target: runId, after: { outcome: "created" } },
  });
});

test("a new link for a person, without the link", async () => {
  const { POST } = await import("#app/api/people/[id]/link/route.ts");
  const email = "grace@example.com";
  const id = await people.person({ email, role: "operator" });
  const answer = await send(POST, "POST", {}, { id });
  const text = await answer.text();
  expect(answer.status, text).toBe(200);
  await expectAudited("person.link", { intent: { target: email, before: { email, role: "operator" } }, outcome: { target: email, after: { email, role: "operator" } } });
  const token = (JSON.parse(text) as { link: string }).link.split("#")[1] ?? "";
  expect(token).not.toBe("");
  expect(JSON.stringify(await people.db.audit.findMany({ omit: { seq: true } }))).not.toContain(token);
});
