import { describe, expect, test } from "vitest";
import { ConfigError } from "#lib/config/parse-env.ts";
import { EXIT_CONFIG, StartError } from "./errors.ts";
import { checkEnvironment, modeOf } from "./mode.ts";

describe("where the backends are", () => {
  test("nothing set runs everything here; an ambient region alone means nothing", () => {
    expect(modeOf({})).toBe("local");
    expect(modeOf({ AWS_REGION: "eu-central-1", ACTIVITY_QUEUE_URL: "" })).toBe("local");
  });

  test("the queue's URL is the switch", () => {
    expect(modeOf({ ACTIVITY_QUEUE_URL: "https://sqs.example.com/1/a.fifo" })).toBe("external");
  });

  test("other backends without the queue are refused by name", () => {
    const act = () => modeOf({ DATABASE_URL: "postgresql://x", ACTIVITY_TABLE: "activities" });
    expect(act).toThrow(StartError);
    expect(act).toThrow(/half set: DATABASE_URL, ACTIVITY_TABLE without ACTIVITY_QUEUE_URL/);
  });
});

describe("faults of all owners in one message", () => {
  const fails = (...faults: string[]) => () => {
    throw new ConfigError(faults);
  };

  test("each fault once, with the exit code of a wrong environment", () => {
    let caught: unknown;
    try {
      checkEnvironment([fails("A is not set", "B is wrong"), () => "fine", fails("B is wrong", "C is not set")]);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(StartError);
    const { message, exitCode } = caught as StartError;
    expect(exitCode).toBe(EXIT_CONFIG);
    expect(message.split("\n").slice(1)).toEqual(["  - A is not set", "  - B is wrong", "  - C is not set"]);
  });

  test("passes a whole environment and lets other errors through", () => {
    expect(() => checkEnvironment([() => 1])).not.toThrow();
    expect(() =>
      checkEnvironment([
        () => {
          throw new TypeError("a bug");
        },
      ]),
    ).toThrow(TypeError);
  });
});
