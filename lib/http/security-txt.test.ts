import { expect, test } from "vitest";
import { securityTxt } from "./security-txt.ts";

test("names whom to tell, until when a copy is good, and where it stands", () => {
  const text = securityTxt({ contact: "mailto:security@example.com", publicOrigin: "https://spillway.example.com", now: Date.parse("2026-01-31T12:34:56.789Z") });
  expect(text).toBe("Contact: mailto:security@example.com\nExpires: 2026-07-30T00:00:00.000Z\nPreferred-Languages: en\nCanonical: https://spillway.example.com/.well-known/security.txt\n");
});
