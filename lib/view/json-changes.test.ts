import { expect, test } from "vitest";
import { jsonChanges } from "./json-changes.ts";

test("what changed, came and went", () => {
  expect(jsonChanges('{"rate":1,"mode":"manual","same":[1],"old":null}', '{"rate":5,"mode":"manual","same":[1],"until":"x"}')).toEqual([
    { name: "rate", from: "1", to: "5" },
    { name: "old", from: "null", to: null },
    { name: "until", from: null, to: "x" },
  ]);
});

test("nothing before, or nothing after", () => {
  expect(jsonChanges(null, '{"a":1}')).toEqual([{ name: "a", from: null, to: "1" }]);
  expect(jsonChanges('{"a":{"b":1}}', null)).toEqual([{ name: "a.b", from: "1", to: null }]);
  expect(jsonChanges(null, null)).toEqual([]);
});

test("what is no object, or no JSON, or names a prototype, is shown and harms nothing", () => {
  expect(jsonChanges("[1]", "not json")).toEqual([{ name: "", from: "[1]", to: "not json" }]);
  expect(jsonChanges('{"__proto__":{"x":1}}', "{}")).toEqual([{ name: "__proto__.x", from: "1", to: null }]);
});

test("of objects inside only what differs is told; lists of words read as words", () => {
  expect(jsonChanges('{"override":{"rate":1,"until":"a"},"scopes":["read"]}', '{"override":{"rate":2,"until":"a"},"scopes":["read","ingest"]}')).toEqual([
    { name: "override.rate", from: "1", to: "2" },
    { name: "scopes", from: "read", to: "read, ingest" },
  ]);
  expect(jsonChanges('{"a":{}}', '{"a":{"b":[]}}')).toEqual([
    { name: "a", from: "{}", to: null },
    { name: "a.b", from: null, to: "" },
  ]);
});
