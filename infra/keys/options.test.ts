import { describe, expect, it } from "vitest";
import { parseKeyOptions } from "./options.ts";

describe("npm run key:create", () => {
  it("reads its options", () => {
    expect(parseKeyOptions(["--name", " shop ", "--scope", "ingest"])).toEqual({
      kind: "run",
      options: { name: "shop", scopes: ["ingest"], lifetimeSeconds: null, json: false },
    });
    expect(parseKeyOptions(["--name=a", "--scope=read", "--scope=ingest", "--expires=90d", "--json"])).toEqual({
      kind: "run",
      options: { name: "a", scopes: ["read", "ingest"], lifetimeSeconds: 7_776_000, json: true },
    });
    expect(parseKeyOptions(["--name=a", "--scope=read", "--scope=read", "--expires=12h"])).toMatchObject({ options: { scopes: ["read"], lifetimeSeconds: 43_200 } });
    expect(parseKeyOptions(["--help"])).toEqual({ kind: "help" });
  });

  it.each([
    [[], /--name/],
    [["--name", "", "--scope", "ingest"], /--name/],
    [["--name", "a\u202Eb", "--scope", "ingest"], /--name/],
    [["--name", "a".repeat(65), "--scope", "ingest"], /--name/],
    [["--name", "a"], /--scope/],
    [["--name", "a", "--scope", "write"], /--scope/],
    [["--name", "a", "--scope", "ingest", "--expires", "90"], /--expires/],
    [["--name", "a", "--scope", "ingest", "--expires", "0d"], /--expires/],
    [["--name", "a", "--scope", "ingest", "--expires", "3651d"], /--expires/],
    [["--name", "a", "--scope", "ingest", "--what"], /--what/],
    [["a"], /a/],
  ])("says what is wrong with %j", (args, message) => {
    const parsed = parseKeyOptions(args);
    expect(parsed).toMatchObject({ kind: "wrong", message: expect.stringMatching(message) });
  });
});
