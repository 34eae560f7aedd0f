import { type APIResponse, expect, test } from "@playwright/test";
import type { Drain } from "#lib/contracts/drain.ts";
import { drainAnswerSchema } from "#lib/contracts/overview.ts";
import { problemSchema } from "#lib/contracts/problem.ts";

/*
 * The acts on the drain rate over HTTP, as the page and as anybody else would call them. One after the other; the dial
 * ends as it was found.
 */
test.describe.configure({ mode: "serial" });

const OURS = { "sec-fetch-site": "same-origin" };
const HOUR_MS = 3_600_000;

/** Each act with a body that is right but for its version. */
const ACTS = [
  { method: "POST", path: "/api/drain/mode", body: { mode: "auto" } },
  { method: "POST", path: "/api/drain/pause", body: {} },
  { method: "POST", path: "/api/drain/resume", body: {} },
  { method: "POST", path: "/api/drain/override", body: { rateWcuPerSecond: 60, seconds: 60, reason: "launch" } },
  { method: "DELETE", path: "/api/drain/override", body: {} },
] as const;

async function drainOf(answer: APIResponse): Promise<Drain> {
  expect(answer.status(), await answer.text()).toBe(200);
  expect(answer.headers()["cache-control"]).toBe("no-store");
  return drainAnswerSchema.parse(await answer.json()).drain;
}
async function problemOf(answer: APIResponse, status: number) {
  expect(answer.status(), await answer.text()).toBe(status);
  expect(answer.headers()["content-type"]).toContain("application/problem+json");
  return problemSchema.loose().parse(await answer.json());
}

test("mode, pause, resume, override and its end: each is done, answers with the row after it, and is read back", async ({ request }) => {
  const now = async () => await drainOf(await request.get("/api/drain"));
  const found = await now();
  let { version } = found;
  const act = async (method: "POST" | "DELETE", path: string, body: object) => {
    const drain = await drainOf(await request.fetch(`/api/drain/${path}`, { method, headers: OURS, data: { ...body, expectedVersion: version } }));
    expect(drain.version).toBeGreaterThan(version);
    expect(await now()).toMatchObject({ mode: drain.mode, override: drain.override && { id: drain.override.id } });
    version = drain.version;
    return drain;
  };

  expect(await act("POST", "pause", { reason: "a look at the table" })).toMatchObject({ mode: "paused", modeBeforePause: found.mode, effectiveWcuPerSecond: 0, reason: "a look at the table" });
  expect(await act("POST", "resume", {})).toMatchObject({ mode: found.mode, modeBeforePause: null });
  expect(await act("POST", "override", { rateWcuPerSecond: 60, seconds: 600, reason: "launch" })).toMatchObject({ askedWcuPerSecond: 60, override: { rateWcuPerSecond: 60, reason: "launch" } });
  expect(await act("DELETE", "override", {})).toMatchObject({ override: null });
  const clearBy = new Date(Date.now() + HOUR_MS).toISOString();
  expect(await act("POST", "mode", { mode: "goal", clearBy })).toMatchObject({ mode: "goal", goal: { clearBy } });
  expect(await act("POST", "mode", { mode: "auto" })).toMatchObject({ mode: "auto", goal: null });
  expect(await act("POST", "mode", { mode: "manual" })).toMatchObject({ mode: "manual", rateWcuPerSecond: found.rateWcuPerSecond });
});

for (const { method, path, body } of ACTS) {
  test(`${method} ${path}: a stale version is a conflict, which brings the row as it stands`, async ({ request }) => {
    const before = await drainOf(await request.get("/api/drain"));
    const answer = await request.fetch(path, { method, headers: OURS, data: { ...body, expectedVersion: before.version - 1 } });
    expect(await problemOf(answer, 409)).toMatchObject({ code: "drain_changed", drain: { version: before.version, mode: before.mode } });
    expect(await drainOf(await request.get("/api/drain"))).toMatchObject({ version: before.version });
  });

  test(`${method} ${path}: another site, and one that does not say where it comes from, is refused`, async ({ request }) => {
    const { version } = await drainOf(await request.get("/api/drain"));
    const data = { ...body, expectedVersion: version };
    for (const headers of [{ "sec-fetch-site": "cross-site", origin: "https://evil.example" }, { origin: "https://evil.example" }, {}]) {
      expect(await problemOf(await request.fetch(path, { method, headers, data }), 403)).toMatchObject({ code: "foreign_origin" });
    }
    expect(await drainOf(await request.get("/api/drain"))).toMatchObject({ version });
  });

  test(`${method} ${path}: bad input is refused, with what is wrong in words`, async ({ request }) => {
    const { version } = await drainOf(await request.get("/api/drain"));
    const send = (data: unknown, type = "application/json") => request.fetch(path, { method, headers: { ...OURS, "content-type": type }, data: Buffer.from(typeof data === "string" ? data : JSON.stringify(data)) });
    expect(await problemOf(await send("{"), 400)).toMatchObject({ code: "malformed_json", title: "The body is not JSON" });
    expect(await problemOf(await send({ ...body }), 422)).toMatchObject({ code: "invalid_body", detail: expect.stringContaining("expectedVersion") });
    expect(await problemOf(await send({ ...body, expectedVersion: version, extra: 1 }), 422)).toMatchObject({ detail: expect.stringContaining("extra") });
    expect(await problemOf(await send("expectedVersion=1", "application/x-www-form-urlencoded"), 415)).toMatchObject({ code: "unsupported_media_type" });
    expect(await drainOf(await request.get("/api/drain"))).toMatchObject({ version });
  });
}

test("values out of bounds and acts that do not fit are refused by their own name", async ({ request }) => {
  const { version } = await drainOf(await request.get("/api/drain"));
  const post = (path: string, data: object) => request.post(`/api/drain/${path}`, { headers: OURS, data: { ...data, expectedVersion: version } });
  expect(await problemOf(await post("override", { rateWcuPerSecond: 0, seconds: 60, reason: "x" }), 422)).toMatchObject({ errors: [{ field: "rateWcuPerSecond" }] });
  expect(await problemOf(await post("override", { rateWcuPerSecond: 60, seconds: 1, reason: "x" }), 422)).toMatchObject({ errors: [{ field: "seconds" }] });
  expect(await problemOf(await post("override", { rateWcuPerSecond: 60, seconds: 60, reason: "" }), 422)).toMatchObject({ errors: [{ field: "reason", message: "say why" }] });
  expect(await problemOf(await post("mode", { mode: "paused" }), 422)).toMatchObject({ code: "invalid_body" });
  expect(await problemOf(await post("mode", { mode: "goal", clearBy: new Date(Date.now() - HOUR_MS).toISOString() }), 409)).toMatchObject({ code: "drain_goal_in_past" });
  expect(await problemOf(await post("resume", {}), 409)).toMatchObject({ code: "drain_not_paused" });
  expect(await problemOf(await request.delete("/api/drain/override", { headers: OURS, data: { expectedVersion: version } }), 409)).toMatchObject({ code: "drain_no_override" });
  expect(await drainOf(await request.get("/api/drain"))).toMatchObject({ version });
});
