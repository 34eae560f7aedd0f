import { describe, expect, it } from "vitest";
import { parseOptions } from "./options.ts";

const parse = (...args: string[]) => parseOptions(args, { defaultSeed: 7 });

describe("parseOptions", () => {
  it("has defaults for everything", () => {
    expect(parse()).toEqual({
      kind: "run",
      options: { file: null, users: 1000, ratePerSecond: null, forMs: 10_000, url: "http://127.0.0.1:3001", concurrency: 16, batch: 50, seed: 7 },
    });
    expect(parse("--file", "a.log")).toMatchObject({ kind: "run", options: { file: "a.log", forMs: null } });
  });

  it("reads each option", () => {
    expect(parse("--users=5", "--rate", "0.5", "--for", "1.5m", "--url", "https://x.example/", "--concurrency", "2", "--batch", "500", "--seed", "1")).toMatchObject({
      options: { users: 5, ratePerSecond: 0.5, forMs: 90_000, url: "https://x.example", concurrency: 2, batch: 500, seed: 1 },
    });
    expect(parse("--help")).toEqual({ kind: "help" });
  });

  it.each([
    [["--rate", "fast"], /--rate/],
    [["--rate", "0"], /--rate/],
    [["--rate", "1e3"], /--rate/],
    [["--users", "1.5"], /--users/],
    [["--batch", "501"], /--batch/],
    [["--concurrency", "0"], /--concurrency/],
    [["--for", "30"], /--for/],
    [["--for", "0s"], /--for/],
    [["--url", "localhost"], /--url/],
    [["--url", "ftp://x"], /--url/],
    [["--file"], /--file/],
    [["--nonsense"], /--nonsense/],
    [["stray"], /stray/],
    [["--file", "a", "--users", "5"], /--users/],
  ])("refuses %j in one line", (args, message) => {
    expect(parse(...args)).toEqual({ kind: "wrong", message: expect.stringMatching(message) });
    expect(JSON.stringify(parse(...args))).not.toContain("\\n");
  });
});
