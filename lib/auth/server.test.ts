import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { notePeerAddresses } from "./peer-address.ts";
import { clientOf } from "./server.ts";

let seen: IncomingHttpHeaders = {};
const server = createServer((request, response) => {
  seen = request.headers;
  response.end();
});

beforeAll(async () => {
  notePeerAddresses();
  await once(server.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => server.close());
beforeEach(() => {
  // Made once per process: each test has its own environment.
  vi.stubGlobal("spillwayAuth", undefined);
  // Nothing listens there; who asks is known without the database.
  vi.stubEnv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none");
  for (const name of ["ACTIVITY_QUEUE_URL", "ACTIVITY_DLQ_URL"]) vi.stubEnv(name, "http://127.0.0.1:1/000000000000/activities.fifo");
  vi.stubEnv("ACTIVITY_TABLE", "activities");
  vi.stubEnv("AWS_REGION", "us-east-1");
  vi.stubEnv("AUTH_SECRET", "a secret of the tests, long enough for them");
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

/** Who the server takes a request for that says to be forwarded. */
async function taken(): Promise<string> {
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { headers: { "x-forwarded-for": "198.51.100.1" } });
  return clientOf(new Headers(Object.entries(seen).map(([name, value]) => [name, String(value)] as [string, string]))).address;
}

test("the proxies that the environment trusts are believed, and nobody else", async () => {
  vi.stubEnv("TRUSTED_PROXIES", "127.0.0.0/8");
  expect(await taken()).toBe("198.51.100.1");
});

test.each(["", "10.0.0.0/8"])("TRUSTED_PROXIES=%j: whoever is connected is who asks", async (proxies) => {
  vi.stubEnv("TRUSTED_PROXIES", proxies);
  expect(await taken()).toBe("127.0.0.1");
});
