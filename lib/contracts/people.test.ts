import { expect, test } from "vitest";
import { emailSchema, inviteRequestSchema, linkTokenSchema, nextPathSchema, passwordSchema } from "./people.ts";

test.each(["/", "/activity", "/dead-letters/runs/1?x=%2F%2F", "/?range=1h"])("a path of the dashboard is gone on to: %s", (path) => {
  expect(nextPathSchema.parse(path)).toBe(path);
});

test.each(["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)", "/sign-in?next=/", "/api/auth/sign-out", "/ü", "", `/${"x".repeat(3_000)}`, undefined, ["/a"]])(
  "anything else is the overview: %j",
  (path) => {
    expect(nextPathSchema.parse(path)).toBe("/");
  },
);

test("an e-mail is one text, however it is typed", () => {
  expect(emailSchema.parse("  Ada@Example.COM ")).toBe("ada@example.com");
  for (const wrong of ["ada", "ada@", "a b@example.com", "ada@example.com\nbcc: eve@example.com", `${"x".repeat(250)}@example.com`]) expect(emailSchema.safeParse(wrong).success, wrong).toBe(false);
});

test("a password is long, and spaces in it count", () => {
  expect(passwordSchema.parse("  spaces are part ")).toBe("  spaces are part ");
  expect(passwordSchema.safeParse("x".repeat(14)).success).toBe(false);
  expect(passwordSchema.safeParse("x".repeat(129)).success).toBe(false);
});

test("a role is one of three, and a token is as it was made", () => {
  expect(inviteRequestSchema.safeParse({ email: "a@example.com", name: "A", role: "root" }).success).toBe(false);
  expect(linkTokenSchema.safeParse(`${"a".repeat(43)} `).success).toBe(false);
});
