import { describe, expect, test } from "vitest";
import { references } from "./doc-references.ts";

const names = (text: string, folder?: string) => references(text, folder).map(({ kind, name }) => `${kind} ${name}`);

describe("what a document says exists", () => {
  test("paths in code marks, not words in prose", () => {
    expect(names("See `lib/config/local.ts`; the lib/nothing.ts of prose is no claim.")).toEqual(["path lib/config/local.ts"]);
  });

  test("paths and scripts in code blocks", () => {
    expect(names("```sh\nnpm run spike -- --file ../x/access.log\nnode infra/start/run.ts worker/main.ts\n```")).toEqual([
      "script spike",
      "path infra/start/run.ts",
      "path worker/main.ts",
    ]);
  });

  test("npm start and npm test are scripts too", () => {
    expect(names("Run `npm ci && npm start`, then npm test.")).toEqual(["script start", "script test"]);
  });

  test("the fixed part of a pattern or placeholder", () => {
    expect(names("`lib/local/**`, `lib/services/<noun>/verb.ts`, `components/{ui,charts}/x.tsx`, `worker/...`")).toEqual([
      "path lib/local",
      "path lib/services",
      "path components",
      "path worker",
    ]);
  });

  test("links are relative to the document; addresses and anchors are not looked up", () => {
    expect(names("[a](../README.md#top) ![b](picture.svg) [c](https://example.com/x) [d](#here)", "docs")).toEqual(["path README.md", "path docs/picture.svg"]);
  });

  test("other code is left alone, and a line number is not part of a path", () => {
    expect(names("`application/json` `POST /v1/activities` `and/or` `worker/main.ts:12`")).toEqual(["path worker/main.ts"]);
  });

  test("each carries its line", () => {
    expect(references("one\n\n`docs/x.md`")).toEqual([{ kind: "path", name: "docs/x.md", line: 3 }]);
  });
});
