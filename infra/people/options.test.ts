import { expect, test } from "vitest";
import { parseUserOptions } from "./options.ts";

test("an admin, where nothing else is said; the e-mail in lower case", () => {
  expect(parseUserOptions(["--email", " Ada@Example.com", "--name", "Ada"])).toEqual({ kind: "run", options: { email: "ada@example.com", name: "Ada", role: "admin" } });
  expect(parseUserOptions(["--email=a@example.com", "--name=A", "--role=support"])).toMatchObject({ options: { role: "support" } });
});

test.each([
  [[], /--email/],
  [["--email", "ada", "--name", "Ada"], /--email/],
  [["--email", "a@example.com", "--name", " "], /--name/],
  [["--email", "a@example.com", "--name", "A", "--role", "root"], /--role/],
  [["--mail", "a@example.com"], /--mail/],
])("%j is told what is wrong", (args, message) => {
  expect(parseUserOptions(args)).toEqual({ kind: "wrong", message: expect.stringMatching(message) as string });
});

test("help is help", () => {
  expect(parseUserOptions(["--help"])).toEqual({ kind: "help" });
});
