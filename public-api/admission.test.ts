import { describe, expect, it } from "vitest";
import { createAdmission, type Place } from "./admission.ts";

function world(limits: { maxRequests: number; maxBytes: number }) {
  let nowMs = 0;
  const gone: string[] = [];
  const admission = createAdmission({ ...limits, slowMs: 2_000, now: () => nowMs });
  return {
    gone,
    admission,
    pass: (ms: number) => {
      nowMs += ms;
    },
    enter: (name: string, bytes = 1): Place | null => admission.enter(bytes, () => gone.push(name)),
  };
}

describe("places", () => {
  it("are bounded by requests and by bytes, and given back once", () => {
    const { enter, admission } = world({ maxRequests: 2, maxBytes: 10 });
    const first = enter("a", 6);
    expect(enter("b", 5)).toBeNull();
    expect(enter("b", 4)).not.toBeNull();
    expect(enter("c", 0)).toBeNull();
    first?.leave();
    first?.leave();
    expect(admission.inWork()).toEqual({ requests: 1, bytes: 4 });
  });

  it("are taken from the slowest bodies, as many as it takes, and only when somebody wants them", () => {
    const { enter, admission, gone, pass } = world({ maxRequests: 10, maxBytes: 10 });
    enter("slow-1", 4);
    enter("slow-2", 4);
    pass(1_999);
    enter("new", 1);
    expect(enter("early", 6)).toBeNull();
    expect(gone).toEqual([]);
    pass(1);
    expect(enter("late", 6)).not.toBeNull();
    expect(gone).toEqual(["slow-1", "slow-2"]);
    expect(admission.inWork()).toEqual({ requests: 2, bytes: 7 });
  });

  it("are kept by those whose body is there, however long the queue takes", () => {
    const { enter, gone, pass } = world({ maxRequests: 1, maxBytes: 10 });
    enter("waiting")?.bodyEnded();
    pass(60_000);
    expect(enter("b")).toBeNull();
    expect(gone).toEqual([]);
  });

  it("are few while the processor is busy, so that those who have one do not wait for the others", () => {
    let busy = true;
    const admission = createAdmission({ maxRequests: 1_000, maxBytes: 1_000_000, isBusy: () => busy });
    const enter = () => admission.enter(1, () => undefined);
    const places: Place[] = [];
    for (let place = enter(); place; place = enter()) places.push(place);
    expect(places).toHaveLength(80);
    places[0]?.leave();
    expect([enter() !== null, enter()]).toEqual([true, null]);
    busy = false;
    expect(enter()).not.toBeNull();
  });

  it("hold more or less as a body turns out, within the bound, and give back what they held last", () => {
    const { enter, admission } = world({ maxRequests: 5, maxBytes: 10 });
    const place = enter("a", 4);
    enter("b", 3);
    expect([place?.hold(7), admission.inWork().bytes]).toEqual([true, 10]);
    expect([place?.hold(8), admission.inWork().bytes]).toEqual([false, 10]);
    expect([place?.hold(2), admission.inWork().bytes]).toEqual([true, 5]);
    place?.leave();
    expect([place?.hold(1), admission.inWork()]).toEqual([false, { requests: 1, bytes: 3 }]);
  });

  it("of bodies that still come in can all be taken, and of no others", () => {
    const { enter, admission, gone } = world({ maxRequests: 5, maxBytes: 10 });
    enter("slow-1");
    enter("there")?.bodyEnded();
    enter("slow-2");
    admission.endReading();
    expect(gone).toEqual(["slow-1", "slow-2"]);
    expect(admission.inWork()).toEqual({ requests: 1, bytes: 1 });
  });

  it("are not freed in vain for what never fits", () => {
    const { enter, gone, pass } = world({ maxRequests: 5, maxBytes: 10 });
    enter("slow");
    pass(5_000);
    expect(enter("huge", 11)).toBeNull();
    expect(gone).toEqual([]);
  });
});
