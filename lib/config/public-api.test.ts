import { describe, expect, it } from "vitest";
import { publicApiConfig } from "#lib/config/public-api.ts";

describe("publicApiConfig", () => {
  it("listens on loopback, unless told otherwise", () => {
    expect(publicApiConfig({})).toMatchObject({ host: "127.0.0.1", port: 3001, deadlineMs: 10_000 });
    expect(publicApiConfig({ PUBLIC_API_HOST: "0.0.0.0", PUBLIC_API_PORT: "80" })).toMatchObject({ host: "0.0.0.0", port: 80 });
  });

  it("reads the origins whose pages may send, none by default", () => {
    const read = (origins: string) => publicApiConfig({ PUBLIC_API_CORS_ORIGINS: origins }).corsOrigins;
    expect(publicApiConfig({}).corsOrigins).toEqual([]);
    expect(read("https://shop.example, http://localhost:8080")).toEqual(["https://shop.example", "http://localhost:8080"]);
    expect(read("*")).toEqual(["*"]);
    for (const wrong of ["shop.example", "https://shop.example/", "https://Shop.example", "https://shop.example:443", "null", "ftp://a.example", "https://a.example,,", "*,https://a.example"]) {
      expect(() => read(wrong), wrong).toThrow(/PUBLIC_API_CORS_ORIGINS is wrong/);
    }
  });

  it("bounds what waits for one user unless told not to", () => {
    expect(publicApiConfig({}).userPendingMax).toBe(20_000);
    expect(publicApiConfig({ PUBLIC_API_USER_PENDING_MAX: "0" }).userPendingMax).toBe(0);
    expect(() => publicApiConfig({ PUBLIC_API_USER_PENDING_MAX: "-1" })).toThrow(/PUBLIC_API_USER_PENDING_MAX is wrong/);
  });

  it("lets reading have half of the read units unless told otherwise, and never all of them", () => {
    expect(publicApiConfig({})).toMatchObject({ readShare: 0.5, readsPerKeyPerSecond: 20 });
    expect(publicApiConfig({ PUBLIC_API_READ_SHARE: "0.25", PUBLIC_API_READS_PER_KEY_PER_SECOND: "100" })).toMatchObject({ readShare: 0.25, readsPerKeyPerSecond: 100 });
    for (const wrong of ["0", "1", "-0.5", "half", "NaN"]) expect(() => publicApiConfig({ PUBLIC_API_READ_SHARE: wrong }), wrong).toThrow(/PUBLIC_API_READ_SHARE is wrong/);
  });

  it("names every wrong variable", () => {
    expect(() => publicApiConfig({ PUBLIC_API_PORT: "many", PUBLIC_API_DEADLINE_MS: "0" })).toThrow(
      /PUBLIC_API_PORT is wrong: must be a number.*\n.*PUBLIC_API_DEADLINE_MS is wrong: must be at least 100/,
    );
  });
});
