import { describe, expect, test } from "vitest";
import { readMigrations } from "./files.ts";
import { type AppliedRow, planMigrations } from "./plan.ts";

const file = (name: string) => ({ name, checksum: `sum of ${name}`, sql: "" });
const row = (name: string, more: Partial<AppliedRow> = {}): AppliedRow => ({ name, checksum: `sum of ${name}`, finished: true, rolledBack: false, logs: null, ...more });
const FILES = [file("1_a"), file("2_b"), file("3_c")];
const plan = (rows: AppliedRow[]) => planMigrations(FILES, rows).map(({ name }) => name);

describe("what is still to be applied", () => {
  test("all, the rest, nothing", () => {
    expect(plan([])).toEqual(["1_a", "2_b", "3_c"]);
    expect(plan([row("1_a")])).toEqual(["2_b", "3_c"]);
    expect(plan([row("1_a"), row("2_b"), row("3_c")])).toEqual([]);
  });

  test("one that was marked rolled back is applied again", () => {
    expect(plan([row("1_a"), row("2_b", { finished: false, rolledBack: true })])).toEqual(["2_b", "3_c"]);
  });

  test.each([
    ["a changed one", [row("1_a", { checksum: "other" })], /1_a was changed after it was applied/],
    ["a failed one that stands", [row("1_a"), row("2_b", { finished: false, logs: "no such column" })], /2_b was started and did not finish \(no such column\)/],
    ["one of a newer version", [row("1_a"), row("9_z")], /9_z, which this version does not know/],
    ["a new one that comes too early", [row("1_a"), row("3_c")], /2_b is new but comes before 3_c/],
  ])("refuses %s", (_name, rows, message) => {
    expect(() => plan(rows)).toThrow(message);
  });
});

test("the repository's own migrations are read in order, with the checksum of their bytes", async () => {
  const migrations = await readMigrations();
  expect(migrations.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name).sort());
  expect(migrations.every(({ checksum }) => /^[0-9a-f]{64}$/.test(checksum))).toBe(true);
});
