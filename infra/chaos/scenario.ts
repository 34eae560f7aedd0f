import type { RunReport } from "./harness.ts";

export interface ScenarioOptions {
  seed: number;
  /** A short form: fewer kills, shorter faults. */
  quick: boolean;
  /** Only the runs whose name holds this. */
  only: string;
  /** Keeps the logs of clean runs too. */
  keepLogs: boolean;
  tell: (line: string) => void;
}

export interface Scenario {
  name: string;
  /** One line for `--list`. */
  what: string;
  run(options: ScenarioOptions): Promise<RunReport[]>;
}
