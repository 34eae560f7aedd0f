/** What a bench gives: the figures that are compared, and the runs they come from. */
export interface BenchResult {
  figures: Record<string, number>;
  runs: Record<string, unknown>[];
}

export type Bench = (options: { seconds?: number; workers?: number; only?: readonly string[]; log: (line: string) => void }) => Promise<BenchResult>;

export const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;
