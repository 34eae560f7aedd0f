import { describe, expect, test } from "vitest";
import { authConfig } from "./auth.ts";

const AUTH_SECRET = "a secret of more than thirty-two characters";
const deployed = { AUTH_SECRET, PUBLIC_URL: "https://spillway.example.com/", DATABASE_URL: "postgresql://u:p@db.example.com/spillway", ACTIVITY_QUEUE_URL: "https://sqs.eu-central-1.amazonaws.com/1/a.fifo" };
const local = { AUTH_SECRET, PUBLIC_URL: "http://127.0.0.1:3000", DATABASE_URL: "postgresql://u@127.0.0.1:5439/spillway", ACTIVITY_QUEUE_URL: "http://127.0.0.1:9324/000000000000/activities.fifo" };
const oidc = { OIDC_ISSUER: "https://login.example.com", OIDC_CLIENT_ID: "spillway", OIDC_CLIENT_SECRET: "s" };

describe("how people sign in", () => {
  test("without more than a secret: passwords, no proxy believed, no demo people", () => {
    expect(authConfig(deployed)).toEqual({ secret: AUTH_SECRET, publicOrigin: "https://spillway.example.com", oidc: null, trustedProxies: [], demoPeople: false });
  });

  test("single sign-on and proxies by configuration", () => {
    expect(authConfig({ ...deployed, ...oidc, TRUSTED_PROXIES: "10.0.0.0/8, 2001:db8::/32,192.0.2.7" })).toMatchObject({
      oidc: { issuer: "https://login.example.com", clientId: "spillway", clientSecret: "s", name: "single sign-on" },
      trustedProxies: ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"],
    });
  });

  test("demo people where everything is on this machine", () => {
    expect(authConfig({ ...local, SPILLWAY_DEMO_PEOPLE: "on" }).demoPeople).toBe(true);
    expect(authConfig(local).demoPeople).toBe(false);
  });

  test.each(["PUBLIC_URL", "DATABASE_URL", "ACTIVITY_QUEUE_URL"] as const)("and nowhere else: %s", (name) => {
    expect(() => authConfig({ ...local, [name]: deployed[name], SPILLWAY_DEMO_PEOPLE: "on" })).toThrow(/SPILLWAY_DEMO_PEOPLE is wrong/);
  });

  test.each([
    [{ ...deployed, AUTH_SECRET: undefined }, /AUTH_SECRET is not set/],
    [{ ...deployed, AUTH_SECRET: "short" }, /AUTH_SECRET is wrong: must have at least 32 characters/],
    [{ ...deployed, OIDC_ISSUER: oidc.OIDC_ISSUER }, /OIDC_CLIENT_ID is not set.*\n.*OIDC_CLIENT_SECRET is not set/],
    [{ ...deployed, ...oidc, OIDC_ISSUER: "http://login.example.com" }, /OIDC_ISSUER is wrong/],
    [{ ...deployed, PUBLIC_URL: "http://spillway.example.com" }, /PUBLIC_URL is wrong: must start with https/],
    [{ ...deployed, TRUSTED_PROXIES: "10.0.0.0/33" }, /TRUSTED_PROXIES is wrong/],
    [{ ...deployed, TRUSTED_PROXIES: "everyone" }, /TRUSTED_PROXIES is wrong/],
  ])("a fault is named: %#", (env, message) => {
    expect(() => authConfig(env)).toThrow(message);
  });
});
