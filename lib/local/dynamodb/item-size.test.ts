import { describe, expect, test } from "vitest";
import { putUnits, wireItemBytes } from "./item-size.ts";

describe("item size", () => {
  test.each([
    ["text in UTF-8, with its name", { naïve: { S: "zoë" } }, 6 + 4],
    ["a number by its significant digits", { n: { N: "1234" } }, 1 + 3],
    ["zeros at either end do not count", { n: { N: "001200.0" } }, 1 + 2],
    ["an exponent does not count", { n: { N: "12E+20" } }, 1 + 2],
    ["a minus sign does", { n: { N: "-12" } }, 1 + 3],
    ["zero", { n: { N: "0" } }, 1 + 1],
    ["binary by its bytes", { b: { B: Buffer.alloc(10).toString("base64") } }, 1 + 10],
    ["true and null", { t: { BOOL: true }, n: { NULL: true } }, 2 + 2],
    ["sets by their members", { s: { SS: ["ab", "c"] }, n: { NS: ["1", "22"] }, b: { BS: ["AAAA"] } }, 1 + 3 + 1 + 4 + 1 + 3],
    ["a list: 3, and 1 more for each value", { l: { L: [{ S: "ab" }, { BOOL: false }] } }, 1 + 3 + (1 + 2) + (1 + 1)],
    ["a map: 3, and 1 more for each pair", { m: { M: { key: { S: "ab" } } } }, 1 + 3 + (1 + 3 + 2)],
    ["an empty map", { m: { M: {} } }, 1 + 3],
  ])("%s", (_, item, bytes) => {
    expect(wireItemBytes(item)).toBe(bytes);
  });

  test("a write is charged by the started kilobyte", () => {
    expect(putUnits({ a: { S: "x" } })).toBe(1);
    expect(putUnits({ a: { S: "x".repeat(1_023) } })).toBe(1);
    expect(putUnits({ a: { S: "x".repeat(1_024) } })).toBe(2);
    expect(putUnits({ a: { S: "x".repeat(64 * 1024 - 1) } })).toBe(64);
  });
});
