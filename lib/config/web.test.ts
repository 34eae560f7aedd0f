import { expect, test } from "vitest";
import { webConfig } from "./web.ts";

test("on this machine both addresses have defaults", () => {
  expect(webConfig({})).toEqual({ publicOrigin: "http://127.0.0.1:3000", publicApiUrl: "http://127.0.0.1:3001", securityContact: null });
});

test("the origin is cut out of PUBLIC_URL, and an address has no slash at its end", () => {
  const env = { PUBLIC_URL: "https://spillway.example.com/ops", PUBLIC_API_URL: "https://ingest.example.com/" };
  expect(webConfig(env, { deployed: true })).toEqual({ publicOrigin: "https://spillway.example.com", publicApiUrl: "https://ingest.example.com", securityContact: null });
});

test("away from this machine PUBLIC_URL must be given", () => {
  expect(() => webConfig({}, { deployed: true })).toThrow(/PUBLIC_URL is not set \(for example https:/);
});

test("an address that is none is named with its variable", () => {
  expect(() => webConfig({ PUBLIC_URL: "spillway.example.com" })).toThrow("PUBLIC_URL is wrong: must start with http:// or https://");
});

test.each([
  ["security@example.com", "mailto:security@example.com"],
  ["mailto:security@example.com?subject=Spillway", "mailto:security@example.com?subject=Spillway"],
  ["https://example.com/report", "https://example.com/report"],
  ["tel:+1-201-555-0123", "tel:+1-201-555-0123"],
])("whom to tell of a hole: %s", (given, securityContact) => {
  expect(webConfig({ SECURITY_CONTACT: given })).toMatchObject({ securityContact });
});

test.each(["the security team", "http://example.com/report", "javascript:alert(1)", "https://example.com/\nContact: mailto:eve@example.com", "mailto:"])("%j is no contact", (given) => {
  expect(() => webConfig({ SECURITY_CONTACT: given })).toThrow("SECURITY_CONTACT is wrong: must be an e-mail address");
});
