import { expect, test } from "vitest";
import { webConfig } from "./web.ts";

test("on this machine both addresses have defaults", () => {
  expect(webConfig({})).toEqual({ publicOrigin: "http://127.0.0.1:3000", publicApiUrl: "http://127.0.0.1:3001" });
});

test("the origin is cut out of PUBLIC_URL, and an address has no slash at its end", () => {
  const env = { PUBLIC_URL: "https://spillway.example.com/ops", PUBLIC_API_URL: "https://ingest.example.com/" };
  expect(webConfig(env, { deployed: true })).toEqual({ publicOrigin: "https://spillway.example.com", publicApiUrl: "https://ingest.example.com" });
});

test("away from this machine PUBLIC_URL must be given", () => {
  expect(() => webConfig({}, { deployed: true })).toThrow(/PUBLIC_URL is not set \(for example https:/);
});

test("an address that is none is named with its variable", () => {
  expect(() => webConfig({ PUBLIC_URL: "spillway.example.com" })).toThrow("PUBLIC_URL is wrong: must start with http:// or https://");
});
