import { afterEach, expect, test, vi } from "vitest";
import { GET } from "./route.ts";

afterEach(() => vi.unstubAllEnvs());

const ask = () => GET(new Request("https://spillway.example.com/.well-known/security.txt"), { params: Promise.resolve({}) });

test("is there for anybody where the operator has named a contact", async () => {
  vi.stubEnv("PUBLIC_URL", "https://spillway.example.com");
  vi.stubEnv("SECURITY_CONTACT", "security@example.com");
  const answer = await ask();
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
  expect(await answer.text()).toMatch(/^Contact: mailto:security@example\.com\nExpires: \d{4}-\d\d-\d\dT00:00:00\.000Z\n/);
});

test("is nowhere else", async () => {
  vi.stubEnv("SECURITY_CONTACT", "");
  expect((await ask()).status).toBe(404);
});
