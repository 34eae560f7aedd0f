import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { PROBLEM_CONTENT_TYPE } from "#lib/contracts/problem.ts";
import { DELETE, GET, PATCH, POST, PUT } from "./route.ts";

const ORIGIN = "https://spillway.example.com";
const context = { params: Promise.resolve({ rest: ["nowhere"] }) };

beforeEach(() => vi.stubEnv("PUBLIC_URL", ORIGIN));
afterEach(() => vi.unstubAllEnvs());

const methods = { DELETE, GET, PATCH, POST, PUT };
const ask = (method: keyof typeof methods, headers: Record<string, string>) => methods[method](new Request(`${ORIGIN}/api/nowhere`, { method, headers }), context);

it.each(["GET", "POST", "PUT", "PATCH", "DELETE"] as const)("%s of an unknown address is a problem, the same for everybody", async (method) => {
  const answer = await ask(method, { origin: ORIGIN });
  expect([answer.status, answer.headers.get("content-type"), answer.headers.get("cache-control"), answer.headers.get("strict-transport-security")]).toEqual([404, PROBLEM_CONTENT_TYPE, "no-store", "max-age=31536000"]);
  const text = await answer.text();
  expect(JSON.parse(text)).toEqual({ type: "urn:spillway:problem:not_found", title: "There is no such thing here", status: 404, code: "not_found" });
  expect(await (await ask(method, { origin: ORIGIN, cookie: "__Host-spillway.session=garbage" })).text()).toBe(text);
});

it.each(["POST", "PUT", "PATCH", "DELETE"] as const)("%s from elsewhere is refused as everywhere", async (method) => {
  for (const headers of [{}, { origin: "https://elsewhere.example" }]) {
    const answer = await ask(method, headers);
    expect([answer.status, await answer.json()]).toEqual([403, expect.objectContaining({ code: "foreign_origin" })]);
  }
});
