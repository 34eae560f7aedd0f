import { expect, test } from "vitest";
import { argumentFault } from "./arguments.ts";

test("no arguments are no fault", () => {
  expect(argumentFault("npm start", [])).toBeNull();
});

test("any argument is named, in one line", () => {
  const fault = argumentFault("npm run worker", ["--rate", "5"]);
  expect(fault).toMatch(/^npm run worker takes no arguments, and was given --rate 5: /);
  expect(fault).not.toContain("\n");
});
