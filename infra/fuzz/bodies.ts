import { gzipSync } from "node:zlib";
import fc from "fast-check";
import type { Sent } from "./oracle.ts";

const JSON_TYPE = "application/json";
const NDJSON_TYPE = "application/x-ndjson";

const space = fc.constantFrom("", "", "", " ", "\t ", " \r", "\n  ", "\r\n\t");
const quoted = (text: string) => JSON.stringify(text);
/** Text of any script, as JSON writes it or with needless escapes. */
const words = fc.oneof(fc.string({ unit: "grapheme-ascii", maxLength: 12 }), fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }), fc.constantFrom("漢字", "e\u0301", "\u202E", "\u2028", "\u{1F600}", "a\uFEFFb"));
const carriable = words.filter((text) => text !== "" && /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u.test(text));
const escaped = carriable.map((text) => `"${Array.from(text, (one) => (one.length === 1 && /[a-z]/.test(one) ? `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}` : quoted(one).slice(1, -1))).join("")}"`);
const string = fc.oneof({ weight: 3, arbitrary: carriable.map(quoted) }, { weight: 1, arbitrary: escaped }, { weight: 1, arbitrary: fc.constantFrom('"\u{1F600}"', '"\\ud83d\\ude00"', '"\\uD83D\\uDC69\\u200d\\uD83D\\uDE80"', '"\u{1F469}\u200D\u{1F680}"') });
/** `properties` are kept as text, so they hold what the other fields may not. */
const inner = fc.oneof({ weight: 9, arbitrary: string }, { weight: 1, arbitrary: fc.constantFrom('""', '"\\u0000"', '"a\\u0000\\u001F\\/"', '"\\ufeff"') });
/** Strings are made to be dangerous, and one of them is a key that the contract forbids. */
const propertyKey = carriable.filter((text) => text !== "__proto__");
const number = fc.oneof(
  fc.constantFrom("0", "-0", "1e400", "-1E-400", "9007199254740993", "123456789012345678901234567890", "1.0", "0.10", "1.0e+2", "0.30000000000000004"),
  fc.maxSafeInteger().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
);

const { value } = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 3, depthSize: "small" }, inner, number, fc.constantFrom("true", "false", "null", "{}", "[]"), tie("array"), tie("object")),
  array: fc.tuple(space, fc.array(tie("value"), { maxLength: 4 })).map(([gap, all]) => `[${gap}${all.join(`${gap},${gap}`)}${gap}]`),
  object: fc.tuple(space, fc.uniqueArray(fc.tuple(propertyKey, tie("value")), { maxLength: 4, selector: ([key]) => key })).map(([gap, all]) => `{${gap}${all.map(([key, one]) => `${quoted(key)}${gap}:${gap}${one}`).join(",")}}`),
}));
/** As deep as they may be, `properties` itself counted. */
const DEEPEST = 32;
const deepest = fc.tuple(space, value.filter((one) => !/^[[{]/.test(one))).map(([gap, one]) => `${`{"a":${gap}`.repeat(DEEPEST)}${one}${`${gap}}`.repeat(DEEPEST)}`);
const anyProperties = fc.tuple(space, fc.uniqueArray(fc.tuple(propertyKey, value), { maxLength: 4, selector: ([key]) => key })).map(([gap, all]) => `{${gap}${all.map(([key, one]) => `${quoted(key)}:${one}`).join(`,${gap}`)}}`);
const properties = fc.oneof({ weight: 30, arbitrary: anyProperties }, { weight: 1, arbitrary: deepest }, { weight: 1, arbitrary: fc.constantFrom("{}", "{ }", "{\r\n}") });

const time = fc.oneof(
  fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9998-12-31T00:00:00Z"), noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456+05:30", "2024-02-29T23:59:59.9-11:00"),
);
/** Few users, so that many activities meet in one group. */
const user = fc.oneof(fc.nat({ max: 400 }).map((n) => quoted(`user ${n}`)), string);

/** The fields of an activity that keeps the contract; `unique` makes its id one that no other has. */
const fields = fc.record(
  {
    userId: user,
    type: fc.stringMatching(/^[a-z0-9_.-]{1,20}$/).map(quoted),
    id: fc.constant("ID"),
    occurredAt: time.map(quoted),
    sessionId: string,
    source: string,
    properties,
  },
  { requiredKeys: ["userId", "type", "occurredAt"] },
);

type Fields = Record<string, string>;
const activityText = (all: Fields, order: number, gap: string) => {
  const members = Object.entries(all).map(([key, one]) => `${gap}${quoted(key)}${gap}:${one}`);
  const first = order % members.length;
  return `{${[...members.slice(first), ...members.slice(0, first)].join(",")}${gap}}`;
};
/** UUIDv7 of a time within the years that there are. */
const uuid = fc.tuple(fc.nat({ max: 2 ** 31 }), fc.uuid({ version: 7 })).map(([seconds, random]) => {
  const time = (seconds * 1000).toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}${random.slice(13)}`;
});
/** The key as it was given, without a time that the id holds, or left to the API. */
const key = fc.oneof({ weight: 6, arbitrary: fc.constant("given" as const) }, { weight: 1, arbitrary: uuid }, { weight: 1, arbitrary: fc.constant("made" as const) });
const single = fc.tuple(fields, key, fc.nat(), space).map(([{ id, occurredAt, ...all }, key, order, gap]) => {
  const given: Fields = key === "given" ? { occurredAt, ...(id !== undefined && { id }) } : key === "made" ? {} : { id: quoted(key) };
  return activityText({ ...given, ...all }, order, gap);
});
/** Few keys, each with other content each time, so that items are replaced within a request and from one to the next. */
const again = fc.tuple(fc.nat({ max: 60 }), space).map(([n, gap]) => `{"id":"again-${n}","userId":"again ${n % 7}","type":"again","occurredAt":"2026-01-31T12:00:00Z","properties":{${gap}"n":ID}}`);
const valid = fc.oneof({ weight: 15, arbitrary: single }, { weight: 1, arbitrary: again });

/** What is wrong with one field, or with the object around them. */
const wrong = fc.oneof(
  fc.constantFrom('""', "7", "9007199254740993", "null", "[]", "{}", "true", '"\\ud800"', '"\\udc00\\ud800"', '"\\ufffe"', '"\uFFFF"', '"\\u0000"', '"\u0001"', '"\\x"', "NaN", "-", "01", '"\t"', "1.", '"2026-02-30T00:00:00Z"', '"2026-01-31"').chain((one) =>
    fc.constantFrom("userId", "type", "id", "occurredAt", "sessionId", "source", "properties").map((key): Fields => ({ [key]: one })),
  ),
  fc.constantFrom<Fields>({ extra: "1" }, { __proto__x: "1" }, { ["__proto__"]: '{"a":1}' }, { constructor: "{}" }, { userid: '"u"' }, { properties: '{"a":1,"a":2}' }, { properties: '{"a":1,"\\u0061":2}' }, { properties: '{"a":{"__proto__":[]}}' }, { type: '"T"' }, { type: '"a b"' }, { id: '"ä"' }, { id: quoted("i".repeat(129)) }, { userId: quoted("u".repeat(257)) }, { properties: `${'{"a":'.repeat(33)}1${"}".repeat(33)}` }, { properties: `{"a":${quoted("x".repeat(66_000))}}` }),
  fc.constant<Fields>({ id: '"no-time"', occurredAt: "" }),
);
const nearlyValid = fc.tuple(fields, wrong, fc.nat(), space).map(([all, change, order, gap]) => {
  const changed: Fields = Object.assign(Object.create(null), all, change) as Fields;
  for (const [key, one] of Object.entries(changed)) if (one === "") delete changed[key];
  return activityText(changed, order, gap);
});
const twice = fc.tuple(valid, fc.constantFrom('"userId":"again"', '"user\\u0049d":"again"', '"type":"again"')).map(([text, more]) => `${text.slice(0, -1)},${more}}`);

interface Body {
  text: string;
  type: string;
  valid: boolean;
}

/** A line of NDJSON has no line ends within; those in strings are escaped ones. */
const onOneLine = (text: string) => text.replaceAll("\n", " ");

const listed = (one: fc.Arbitrary<string>, isValid: boolean): fc.Arbitrary<Body> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.tuple(space, one, space).map(([before, text, after]) => ({ text: before + text + after, type: JSON_TYPE, valid: isValid })) },
    { weight: 2, arbitrary: fc.tuple(fc.array(one, { minLength: 1, maxLength: 6 }), space).map(([all, gap]) => ({ text: `[${gap}${all.join(`${gap},`)}${gap}]`, type: JSON_TYPE, valid: isValid })) },
    { weight: 2, arbitrary: fc.tuple(fc.array(one, { minLength: 1, maxLength: 6 }), fc.constantFrom("\n", "\r\n", "\n\n")).map(([all, end]) => ({ text: all.map(onOneLine).join(end) + end, type: NDJSON_TYPE, valid: isValid })) },
  );

const repeat = (text: string, times: number) => text.repeat(times);
const within = (inner: string) => `{"id":"ID","userId":"deep","type":"t","occurredAt":"2026-01-31T12:00:00Z","properties":${inner}}`;
/** Made to be slow, deep or large; rare, since each costs as much as a thousand others. */
const HUGE: readonly string[] = [
  repeat("[", 500_000) + repeat("]", 500_000),
  `{"properties":${repeat("[", 400_000)}${repeat("]", 400_000)}}`,
  within(repeat('{"a":', 100_000) + "1" + repeat("}", 100_000)),
  within(`{${Array.from({ length: 5_000 }, (_, n) => `"k${n}":1`).join(",")}}`),
  `[${Array.from({ length: 14 }, () => within(`{${Array.from({ length: 5_000 }, (_, n) => `"k${n}":1`).join(",")}}`)).join(",")}]`,
  `[${Array.from({ length: 15 }, () => within(`{"a":[${repeat(`${repeat("[", 30)}${repeat("]", 30)},`, 1_000)}1]}`)).join(",")}]`,
  `[${Array.from({ length: 450 }, () => `{"userId":"u","properties":{${repeat('"a":1,', 300)}"a":1}}`).join(",")}]`,
  `[${repeat("[],", 300_000)}1]`,
  `{"userId":"${repeat('\\"', 400_000)}"}`,
  repeat(" ", 1_048_570),
  repeat("\n", 1_048_570),
  repeat("x\n", 500),
  repeat('{"a":1}\n', 501),
  `[${repeat('"\\ud800",', 100_000)}1]`,
];
const huge = fc.tuple(fc.constantFrom(...HUGE), fc.constantFrom(JSON_TYPE, NDJSON_TYPE)).map(([text, type]): Body => ({ text, type, valid: false }));
const noise = fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), value, fc.json(), fc.constantFrom("", " ", "\n", "null", "[]", "[[]]", "{}", "\uFEFF", '"', "undefined", "<xml/>", "a=1&b=2")).map((text): Body => ({ text, type: JSON_TYPE, valid: false }));

/** One change of a body's bytes. */
interface Edit {
  at: number;
  how: "flip" | "put" | "cut" | "double" | "odd" | "end";
  byte: number;
}
const edit: fc.Arbitrary<Edit> = fc.record({ at: fc.nat(), how: fc.constantFrom("flip", "put", "cut", "double", "odd", "end"), byte: fc.nat({ max: 255 }) });
/** Byte sequences that decoders trip over: overlong, surrogates, U+FFFE, past the last, marks, NUL. */
const ODD = ["c0af", "c080", "eda080", "efbfbe", "efbfbf", "f4908080", "efbbbf", "fffe", "feff", "00", "e28280", "1f8b08", "5c7564383030"].map((hex) => Buffer.from(hex, "hex"));

/** What stands from the place on after the edit. */
const EDITS: Readonly<Record<Edit["how"], (after: Uint8Array, byte: number) => Uint8Array[]>> = {
  flip: (after, byte) => [Buffer.from([(after[0] ?? 0) ^ (1 << (byte % 8))]), after.subarray(1)],
  put: (after, byte) => [Buffer.from([byte]), after],
  cut: (after, byte) => [after.subarray(1 + (byte % 8))],
  double: (after, byte) => [after.subarray(0, 1 + (byte % 32)), after],
  odd: (after, byte) => [ODD[byte % ODD.length] ?? Buffer.alloc(0), after],
  end: () => [],
};

function edited(bytes: Uint8Array, { at, how, byte }: Edit): Uint8Array {
  const place = bytes.length === 0 ? 0 : at % bytes.length;
  return Buffer.concat([bytes.subarray(0, place), ...EDITS[how](bytes.subarray(place), byte)]);
}

const edits = fc.array(edit, { minLength: 1, maxLength: 4 });
const noEdits = fc.constant<Edit[]>([]);
const body: fc.Arbitrary<{ body: Body; edits: Edit[] }> = fc.oneof(
  { weight: 350, arbitrary: fc.record({ body: listed(valid, true), edits: noEdits }) },
  { weight: 300, arbitrary: fc.record({ body: listed(valid, false), edits }) },
  { weight: 200, arbitrary: fc.record({ body: listed(fc.oneof(valid, nearlyValid, twice), false), edits: noEdits }) },
  { weight: 120, arbitrary: fc.record({ body: noise, edits: noEdits }) },
  { weight: 3, arbitrary: fc.record({ body: huge, edits: noEdits }) },
);
const packing = fc.oneof(
  { weight: 75, arbitrary: fc.constant({ pack: "no" as const, edits: [] as Edit[] }) },
  { weight: 14, arbitrary: fc.constant({ pack: "gzip" as const, edits: [] as Edit[] }) },
  { weight: 10, arbitrary: fc.record({ pack: fc.constant("gzip" as const), edits }) },
  { weight: 1, arbitrary: fc.constantFrom("claimed" as const, "br" as const).map((pack) => ({ pack, edits: [] as Edit[] })) },
);
const headerFault = fc.oneof({ weight: 98, arbitrary: fc.constant(null) }, { weight: 2, arbitrary: fc.constantFrom("text/plain", "application/json; charset=utf-16", "", "application/json;charset=utf-8;", NDJSON_TYPE) });

const BOMB = gzipSync(Buffer.alloc(100 * 1024 * 1024));

/** A request's body before its activities have ids of their own. */
const draft = fc.record({ body, packing, headerFault, chunked: fc.boolean(), bomb: fc.integer({ min: 0, max: 999 }) });

/**
 * Makes bodies: valid, nearly valid and hostile ones, changed bytes of valid ones, packed ones, changed packed ones. The
 * same seed makes the same bodies, but for the ids, which carry the request's number.
 * @param first number of the first request.
 */
export function makeBodies({ seed, count, first }: { seed: number; count: number; first: number }): Sent[] {
  return fc.sample(draft, { seed, numRuns: count }).map(({ body, packing, headerFault, chunked, bomb }, index): Sent => {
    if (bomb === 0) return { body: BOMB, headers: { "Content-Type": JSON_TYPE, "Content-Encoding": "gzip" }, valid: false };
    let activity = 0;
    const text = body.body.text.replaceAll(/(?<=:)ID(?=[,}\s])|"ID"/g, () => `"${first + index}.${(activity += 1)}"`);
    let bytes: Uint8Array = Buffer.from(text);
    for (const one of body.edits) bytes = edited(bytes, one);
    if (packing.pack === "gzip") bytes = gzipSync(bytes);
    for (const one of packing.edits) bytes = edited(bytes, one);
    return {
      body: bytes,
      headers: {
        "Content-Type": headerFault ?? body.body.type,
        ...(packing.pack !== "no" && { "Content-Encoding": packing.pack === "br" ? "br" : "gzip" }),
        ...(chunked && { "Transfer-Encoding": "chunked" }),
      },
      valid: body.body.valid && packing.edits.length === 0 && (packing.pack === "no" || packing.pack === "gzip") && headerFault === null,
    };
  });
}
