/** A write before it is known what the table charges: write units by the item's size, over so many items. */
export interface Write {
  writeUnits: number;
  items: number;
}

/** How many items the past counts for: a few hundred, so that a changed index shows within seconds. */
const MEMORY_ITEMS = 500;
/** Weight of the first belief, that a write costs what its size says, in items. */
const PRIOR_ITEMS = 4;
/** Most that can be learned for one item: 20 indexes (DynamoDB's quota), each written and cleared at each put. */
const MOST_TIMES = 41;

export type WriteCost = ReturnType<typeof createWriteCost>;

/**
 * Learns what the table really charges. Each index adds to a write: one that projects everything as much as the item
 * itself (a factor), one that projects keys about a unit (an amount per item). Both are fitted to what
 * ReturnConsumedCapacity says, by least squares over the last few hundred items.
 */
export function createWriteCost() {
  // Sums over the past: of units², units·items, items², charged·units, charged·items.
  let sums = { uu: 0, ui: 0, ii: 0, cu: 0, ci: 0 };
  let fit = { factor: 1, perItem: 0 };

  function refit(): void {
    // The first belief, as if a few items of one unit and of four had been charged by their size.
    const uu = sums.uu + PRIOR_ITEMS * 5;
    const ui = sums.ui + PRIOR_ITEMS * 2;
    const ii = sums.ii + PRIOR_ITEMS * 1.25;
    const cu = sums.cu + PRIOR_ITEMS * 5;
    const ci = sums.ci + PRIOR_ITEMS * 2;
    const determinant = uu * ii - ui * ui;
    const factor = Math.min(MOST_TIMES, Math.max(0, (cu * ii - ci * ui) / determinant));
    fit = { factor, perItem: Math.min(MOST_TIMES, Math.max(0, (ci - factor * ui) / ii)) };
  }

  return {
    /** What a write will be charged, as far as is known; never less than its own size. */
    estimate: ({ writeUnits, items }: Write): number => Math.max(writeUnits, fit.factor * writeUnits + fit.perItem * items),

    /** Charged units for one unit of size, of writes as they were lately. */
    timesSize: (): number => (sums.uu + sums.ii > 0 ? Math.max(1, fit.factor + fit.perItem * (sums.ui > 0 ? sums.ii / sums.ui : 1)) : 1),

    /** Takes in what a write, all of it stored, was charged. */
    learn({ writeUnits, items, chargedWriteUnits }: Write & { chargedWriteUnits: number }): void {
      if (items <= 0 || writeUnits <= 0 || !(chargedWriteUnits > 0)) return;
      const keep = Math.max(0, 1 - items / MEMORY_ITEMS);
      // Weighed by items: one batch of 25 says as much as 25 single puts.
      const weight = 1 / items;
      sums = {
        uu: sums.uu * keep + weight * writeUnits * writeUnits,
        ui: sums.ui * keep + weight * writeUnits * items,
        ii: sums.ii * keep + weight * items * items,
        cu: sums.cu * keep + weight * chargedWriteUnits * writeUnits,
        ci: sums.ci * keep + weight * chargedWriteUnits * items,
      };
      refit();
    },
  };
}
