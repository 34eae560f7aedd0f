import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AUDIT_ACTIONS, type AuditAction } from "#lib/contracts/audit.ts";
import { actionWords, addressOfView, type AuditView, filterOf, readView } from "./view-state.ts";

const instant = fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }).map((date) => date.toISOString());
const view: fc.Arbitrary<AuditView> = fc.record(
  {
    who: fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }).map((text) => text.trim()).filter((text) => text !== ""),
    action: fc.constantFrom(...(Object.keys(AUDIT_ACTIONS) as AuditAction[])),
    outcome: fc.constantFrom("done", "refused", "failed", "unknown", "none"),
    from: instant,
    to: instant,
    act: fc.uuid(),
  },
  { requiredKeys: [] },
);
const parametersOf = (address: string) => new URL(address, "http://host").searchParams;

describe("the address of the audit log", () => {
  it("comes back as the same view", () => {
    fc.assert(
      fc.property(view, (given) => {
        expect(readView(parametersOf(addressOfView(given)))).toEqual(given);
      }),
    );
  });

  it("falls back to the plain page for whatever else it holds", () => {
    expect(readView(parametersOf("/audit?action=drop&outcome=maybe&from=yesterday&to=%00&act=1&who="))).toEqual({});
    expect(addressOfView({})).toBe("/audit");
  });

  it("keeps what is opened out of the filter", () => {
    expect(filterOf({ who: "ada", act: "x" })).toEqual({ who: "ada" });
  });
});

it("an action without words stands as it is", () => {
  expect(actionWords("drain.rate")).toBe("Drain rate set");
  expect(actionWords("moon.land")).toBe("moon.land");
  expect(actionWords("toString")).toBe("toString");
});
