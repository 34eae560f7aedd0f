import { describe, expect, test } from "vitest";
import { createWriteCeiling } from "./write-ceiling.ts";

const table = (writeUnits: number | null) => ({ index: null, writeUnits });
const index = (name: string, writeUnits: number | null) => ({ index: name, writeUnits });

describe("the ceiling of a table", () => {
  test("without indexes is its own", () => {
    const ceiling = createWriteCeiling();
    ceiling.charged({ table: 500, indexes: {} });
    expect(ceiling.ceiling([table(200)])).toEqual({ writeUnits: 200, measured: true });
    expect(ceiling.ceiling([table(null)])).toEqual({ writeUnits: null, measured: true });
  });

  test("with an index that takes as much as the table is what both bear together", () => {
    const ceiling = createWriteCeiling();
    ceiling.charged({ table: 100, indexes: { byType: 100 } });
    expect(ceiling.ceiling([table(200), index("byType", 200)]).writeUnits).toBeCloseTo(400);
    // The index is the narrow one: at 50 units on it, 50 more are on the table.
    expect(ceiling.ceiling([table(200), index("byType", 50)]).writeUnits).toBeCloseTo(100);
    expect(ceiling.ceiling([table(200), index("byType", null)]).writeUnits).toBeCloseTo(400);
  });

  test("is the narrowest resource for as long as nothing was measured", () => {
    expect(createWriteCeiling().ceiling([table(200), index("byType", 30)])).toEqual({ writeUnits: 30, measured: false });
  });

  test("follows a cost that moves from one resource to another", () => {
    const ceiling = createWriteCeiling();
    ceiling.charged({ table: 1_000, indexes: { sparse: 1_000 } });
    for (let n = 0; n < 200; n += 1) ceiling.charged({ table: 200, indexes: {} });
    expect(ceiling.ceiling([table(200), index("sparse", 20)]).writeUnits).toBeCloseTo(200, -1);
  });
});
