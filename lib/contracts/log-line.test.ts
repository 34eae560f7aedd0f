import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonLine, printable } from "./log-line.ts";

/** Everything that ends a line somewhere, moves a cursor, or turns text around. */
const HOSTILE = [
  'x\n{"at":"2026-01-01T00:00:00.000Z","level":"info","event":"signed_in","who":"admin"}',
  "x\r\nlevel=info",
  "\u001b[2J\u001b]0;owned\u0007",
  "\u009b31m",
  "\u0085next line",
  "\u2028line\u2029paragraph",
  "\u202egnp.exe\u202c",
  "\u2066\u2069\u200f\ufeff",
  "\u0000\u007f",
  '"},"event":"forged',
];

describe("log injection is escaped", () => {
  it.each(HOSTILE)("%j stays one field of one line", (text) => {
    const line = jsonLine({ level: "error", event: "route_failed", error: text, [text]: 1 });
    expect(line).toMatch(/^[\P{Cc}]*$/u);
    expect(line).not.toMatch(/[\u2028-\u202e\u2066-\u2069\u200e\u200f\ufeff\u0080-\u009f]/);
    expect(JSON.parse(line)).toEqual({ level: "error", event: "route_failed", error: text, [text]: 1 });
  });

  it("any text is one line, and comes back whole", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
        const text = String.fromCharCode(...units);
        const line = jsonLine({ text });
        expect(line.split(/[\n\v\f\r\u0085\u2028\u2029]/)).toHaveLength(1);
        expect(JSON.parse(line)).toEqual({ text });
      }),
    );
  });

  it("plain lines of others are cleaned the same way, and read as before otherwise", () => {
    expect(printable("a\tb – ü 🎉")).toBe("a\tb – ü 🎉");
    for (const text of HOSTILE) expect(printable(text)).toMatch(/^[\P{Cc}]*$/u);
    expect(printable("\u001b[31mred")).toBe("\\u001b[31mred");
  });
});
