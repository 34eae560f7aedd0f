import fc from "fast-check";
import { expect, it } from "vitest";
import { type Json, strictJson } from "./strict-json.ts";

function plain(json: Json): unknown {
  if (json.kind === "object") return Object.fromEntries(json.members.map(([key, value]) => [key, plain(value)]));
  if (json.kind === "array") return json.items.map(plain);
  return json.kind === "string" ? json.value : JSON.parse(json.text);
}

it("takes for JSON what JSON.parse does, and reads the same", () => {
  const nearly = fc.tuple(fc.json(), fc.nat(), fc.constantFrom("", "[", "}", ",", '"', "\\", " ", "\n", "\u0001", "\u00A0", "0", "-", ".", "e", "\\u12"), fc.nat({ max: 1 })).map(([text, at, what, cut]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + what + text.slice(place + cut);
  });
  fc.assert(
    fc.property(fc.oneof(fc.json(), nearly), (text) => {
      let expected: unknown;
      try {
        expected = JSON.parse(text);
      } catch {
        expect(strictJson(text)).toBeNull();
        return;
      }
      const json = strictJson(text);
      // A key __proto__ is no property to Object.fromEntries' taste, but all else is the same.
      if (json === null || !text.includes("__proto__")) expect(json && plain(json)).toEqual(expected);
    }),
    { numRuns: 2_000 },
  );
});

it("keeps what JSON.parse loses", () => {
  const json = strictJson(' {"a": 1.10, "a":{ "b" :9007199254740993}} ');
  expect(json).toMatchObject({ kind: "object", members: [["a", { text: "1.10" }], ["a", { text: '{ "b" :9007199254740993}', members: [["b", { text: "9007199254740993" }]] }]] });
});

it("gives up on what nests too deep for it", () => {
  expect(strictJson("[".repeat(1_000_000))).toBeNull();
});
