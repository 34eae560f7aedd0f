import { expect, it } from "vitest";
import { type Acceptance, lastContents } from "./last-wins.ts";

const at = (content: string, request: number, asked: number, answered: number, position = 0): Acceptance => ({ content, request, position, asked, answered });

it.each<[string, Acceptance[], string[]]>([
  ["nothing", [], []],
  ["the one", [at("a", 0, 1, 2)], ["a"]],
  ["the later request's", [at("b", 1, 3, 4), at("a", 0, 1, 2)], ["b"]],
  ["the later one's in a request", [at("b", 0, 1, 2, 1), at("a", 0, 1, 2, 0)], ["b"]],
  ["either's of two at once", [at("a", 0, 1, 3), at("b", 1, 2, 4)], ["a", "b"]],
  ["the last one's of three, two of them at once", [at("a", 0, 1, 3), at("b", 1, 2, 4), at("c", 2, 5, 6)], ["c"]],
  ["either's where the first came again", [at("a", 0, 1, 2), at("b", 1, 3, 4), at("a", 2, 5, 6)], ["a", "b"]],
  ["the same one's that was sent twice", [at("a", 0, 1, 2), at("a", 1, 3, 4)], ["a"]],
])("may be stored: %s", (_, accepted, contents) => {
  expect(Array.from(lastContents(accepted)).toSorted()).toEqual(contents);
});
