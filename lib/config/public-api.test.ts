import { describe, expect, it } from "vitest";
import { publicApiConfig } from "#lib/config/public-api.ts";

describe("publicApiConfig", () => {
  it("listens on loopback, unless told otherwise", () => {
    expect(publicApiConfig({})).toMatchObject({ host: "127.0.0.1", port: 3001, deadlineMs: 10_000 });
    expect(publicApiConfig({ PUBLIC_API_HOST: "0.0.0.0", PUBLIC_API_PORT: "80" })).toMatchObject({ host: "0.0.0.0", port: 80 });
  });

  it("names every wrong variable", () => {
    expect(() => publicApiConfig({ PUBLIC_API_PORT: "many", PUBLIC_API_DEADLINE_MS: "0" })).toThrow(
      /PUBLIC_API_PORT is wrong: must be a number.*\n.*PUBLIC_API_DEADLINE_MS is wrong: must be at least 100/,
    );
  });
});
