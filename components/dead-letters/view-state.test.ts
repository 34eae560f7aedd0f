import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressOfView, type DeadLettersView, readView } from "./view-state.ts";

const view: fc.Arbitrary<DeadLettersView> = fc.record({
  status: fc.constantFrom("open", "stored", "bounced", "all"),
  death: fc.option(fc.uuid()),
  run: fc.option(fc.uuid()),
});
const parametersOf = (address: string) => new URL(address, "http://host").searchParams;

describe("the address of the page", () => {
  it("comes back as the same view", () => {
    fc.assert(
      fc.property(view, (given) => {
        expect(readView(parametersOf(addressOfView(given)))).toEqual(given);
      }),
    );
  });

  it("falls back to the plain page for whatever else it holds", () => {
    expect(readView(parametersOf("/?status=odd&death=1&run=%00&user=ann"))).toEqual({ status: "open", death: null, run: null });
    expect(addressOfView({ status: "open", death: null, run: null })).toBe("/dead-letters");
  });
});
