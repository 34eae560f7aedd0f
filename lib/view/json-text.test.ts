import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonFields, prettyJson, visibleText } from "./json-text.ts";

describe("prettyJson", () => {
  it("prints what JSON.stringify would, for values that survive it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        const shown = prettyJson(text);
        expect(shown.isJson).toBe(true);
        expect(JSON.stringify(JSON.parse(shown.text))).toBe(text);
        if (visibleText(text) === text) expect(shown.text).toBe(JSON.stringify(JSON.parse(text), null, 2));
      }),
    );
  });

  it("keeps numbers, key order and repeated keys exact", () => {
    expect(prettyJson('{"b":12345678901234567890,"a":1.0,"a":1e400}').text).toBe(
      '{\n  "b": 12345678901234567890,\n  "a": 1.0,\n  "a": 1e400\n}',
    );
  });

  it("leaves brackets inside strings alone", () => {
    expect(prettyJson('{"a":"{[,:\\"]}"}').text).toBe('{\n  "a": "{[,:\\"]}"\n}');
  });

  it("shows what is not JSON as it is, with deceptive characters written out", () => {
    expect(prettyJson("not json \u202E\u0000")).toEqual({ isJson: false, text: "not json \\u202E\\u0000" });
  });
});

describe("visibleText", () => {
  it("keeps line feeds, emoji and letters of any script", () => {
    expect(visibleText("a\n\t😀 ünï 日本")).toBe("a\n\t😀 ünï 日本");
  });

  it("writes out lone surrogates and zero-width characters", () => {
    expect(visibleText("a\u200Bb\uD800c")).toBe("a\\u200Bb\\uD800c");
  });
});

describe("jsonFields", () => {
  it("reads the first level only, values as they stand", () => {
    expect(jsonFields('{"path":"/a,b","status":200,"big":12345678901234567890,"in":{"x":[1,2],"y":"z"},"none":null}')).toEqual([
      { name: "path", value: "/a,b" },
      { name: "status", value: "200" },
      { name: "big", value: "12345678901234567890" },
      { name: "in", value: '{"x":[1,2],"y":"z"}' },
      { name: "none", value: "null" },
    ]);
  });

  it("has the same names as the object", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue()), (object) => {
        expect(jsonFields(JSON.stringify(object)).map((field) => field.name)).toEqual(Object.keys(object).map(visibleText));
      }),
    );
  });

  it("gives none for what is no object", () => {
    expect([jsonFields("[1]"), jsonFields("{"), jsonFields("{}"), jsonFields("")]).toEqual([[], [], [], []]);
  });
});
