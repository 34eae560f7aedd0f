import { expect, it } from "vitest";
import { makeBodies } from "./bodies.ts";
import { activitiesOf } from "./oracle.ts";

const sent = makeBodies({ seed: 7, count: 1_500, first: 0 }).filter(({ valid }) => valid);
const activities = sent.flatMap((one) => activitiesOf(one) ?? []);
const properties = activities.flatMap((json) => (json?.kind === "object" ? (new Map(json.members).get("properties")?.text ?? []) : []));

/** A JSON number within `properties`, to the character. */
const number = (text: string) => new RegExp(`[:,[\\s]${text.replaceAll(/[.+]/g, "\\$&")}[,\\]}\\s]`);

it.each<[string, RegExp]>([
  ["an integer past doubles", number("9007199254740993")],
  ["a number past doubles", number("1e400")],
  ["a negative zero", number("-0")],
  ["a needless decimal", number("1.0")],
  ["an escaped NUL", /\\u0000/],
  ["line ends between values", /[[{,:]\r?\n[\t ]/],
  ["a tab between values", /[[{,:]\t /],
  ["the deepest nesting that is allowed", /(?:\{"a":\s*){32}/],
  ["an emoji", /\u{1F600}/u],
  ["an emoji of several parts", /\u{1F469}\u200D\u{1F680}/u],
  ["an escaped pair of surrogates", /\\ud83d\\ude00/],
  ["nothing", /^\{\}$/],
  ["nothing but space", /^\{ \}$/],
])("bodies that keep the contract hold properties with %s", (_, pattern) => {
  expect(properties.filter((text) => pattern.test(text)).length).toBeGreaterThan(0);
});

it("sends other content under the same key, within a body and from one to the next", () => {
  const ids = sent.map((one) => Array.from(Buffer.from(one.body).toString().matchAll(/"id":"(again-\d+)"/g), ([, id]) => id));
  expect(ids.some((all) => new Set(all).size < all.length)).toBe(true);
  expect(ids.flat().length - new Set(ids.flat()).size).toBeGreaterThan(10);
});
