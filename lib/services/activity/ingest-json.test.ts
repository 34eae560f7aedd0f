import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_PROPERTIES_DEPTH, readActivity } from "./ingest-json.ts";

function propertiesText(body: string): string | undefined {
  const raw = readActivity(body);
  return raw.properties && body.slice(raw.properties.start, raw.properties.end);
}

const faultsOf = (body: string) => readActivity(body).faults;

describe("readActivity", () => {
  it("finds the exact text of an activity and of its properties, whatever they hold", () => {
    const properties = fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue({ depthSize: "small" }), { noNullPrototype: true });
    const activity = fc.record(
      { userId: fc.string(), odd: fc.jsonValue(), properties: fc.oneof(properties, fc.jsonValue()) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(activity, fc.constantFrom(undefined, 1, "\t", "  "), (activity, indent) => {
        const text = `\n ${JSON.stringify(activity, null, indent)} `;
        const { span, properties: inner } = readActivity(text);
        expect(JSON.parse(text.slice(span.start, span.end))).toEqual(JSON.parse(text));
        expect(inner && JSON.parse(text.slice(inner.start, inner.end))).toEqual((JSON.parse(text) as { properties?: unknown }).properties);
      }),
    );
  });

  it("keeps numbers that JSON.parse would round", () => {
    const text = '{"big":12345678901234567890,"exact":1.10,"far":1e999,"minus":-0}';
    expect(propertiesText(`{"userId":"u","properties":${text},"type":"t"}`)).toBe(text);
  });

  it("reads any kind of value", () => {
    expect(readActivity(" 12 ")).toMatchObject({ span: { start: 1, end: 3 }, faults: [] });
    expect(['"a]"', "null", "[]", '[{"a":[{}]}]'].map((text) => readActivity(text).span.end)).toEqual([4, 4, 2, 12]);
  });

  it.each([
    ['{"properties":{"a":1,"a":2}}', ".properties.a", "twice"],
    ['{"properties":{"a":1,"\\u0061":2}}', ".properties.a", "twice"],
    ['{"userId":"x","userId":"y"}', ".userId", "twice"],
    ['{"properties":{"x":[{"__proto__":1}]}}', ".properties.x[0].__proto__", "not allowed"],
    ['{"properties":{"x":["ok","\uFFFE"]}}', ".properties.x[1]", "cannot carry"],
    ['{"properties":{"x":"\\uffff"}}', ".properties.x", "cannot carry"],
    ['{"properties":{"x":"a\\ud800b"}}', ".properties.x", "cannot carry"],
    ['{"properties":{"x":"\\udc00"}}', ".properties.x", "cannot carry"],
    ['{"properties":{"odd key\\udc00":1}}', '.properties["odd key\\udc00"]', "cannot carry"],
  ])("reports %s", (body, path, message) => {
    expect(faultsOf(body)).toEqual([{ path, message: expect.stringContaining(message) }]);
  });

  it("takes pairs of surrogates and quotes behind backslashes", () => {
    expect(faultsOf('{"properties":{"\\"":"\\\\","e":"\\ud83d\\ude00 😀","n":"\\u0000"}}')).toEqual([]);
  });

  it("bounds the depth, and does not recurse past it", () => {
    const nested = (levels: number) => `{"properties":${'{"a":'.repeat(levels - 1)}{}${"}".repeat(levels - 1)}}`;
    expect(faultsOf(nested(MAX_PROPERTIES_DEPTH))).toEqual([]);
    expect(faultsOf(nested(MAX_PROPERTIES_DEPTH + 1))).toMatchObject([{ message: expect.stringContaining("deeper than 32") }]);
    expect(faultsOf(`{"properties":${"[".repeat(100_000)}${"]".repeat(100_000)}}`)).toHaveLength(1);
  });

  it("names a place in bounded length", () => {
    const key = "k".repeat(60);
    const nested = `${`{"${key}":`.repeat(20)}"\\udc00"${"}".repeat(20)}`;
    const [fault] = faultsOf(`{"properties":${nested}}`);
    expect(fault?.path).toHaveLength(201);
    expect(fault?.path.startsWith(`.properties.${key}.${key}`)).toBe(true);
  });

  it("reports a bounded number of faults", () => {
    expect(faultsOf(`{"properties":[${'"\\ud800",'.repeat(500)}1]}`)).toHaveLength(10);
  });
});
