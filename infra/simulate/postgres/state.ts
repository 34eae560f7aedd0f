import type { Attempt, DeathReason, DeathStatus, RedriveItemState } from "#lib/contracts/dead-letters.ts";
import type { Death } from "#lib/gateways/dead-letter-ledger.ts";

/** Rows of the tables that the worker uses, as far as it reads them. */
export interface FailingRow {
  attempts: number;
  startMarks: number;
  aloneMarkBy: string | null;
  firstFailedAt: Date | null;
  lastFailedAt: Date | null;
  history: Attempt[];
  updatedAtMs: number;
}

export interface DeathRow extends Death {
  body: string;
  userHash: string | null;
  status: DeathStatus;
  resolvedAtMs: number | null;
  sweptAtMs: number | null;
  redrivenFrom: string | null;
  history: Attempt[];
}

export interface RunRow {
  id: string;
  actor: string;
  reason: string;
  state: "running" | "finished";
  createdAtMs: number;
  finishedAtMs: number | null;
  items: ItemRow[];
}

export interface ItemRow {
  deathId: string;
  state: RedriveItemState;
  messageId: string | null;
  bouncedDeathId: string | null;
}

/** What the simulator's checker is told of acts that only the database sees. */
export type PostgresEvent =
  | { act: "marked_alone"; messageId: string }
  | { act: "attempt_counted"; messageId: string; reason: DeathReason }
  | { act: "death_decided"; messageId: string; deathId: string; reason: DeathReason; attempts: number }
  | { act: "death_resolved"; deathId: string; outcome: "stored" | "bounced" }
  | { act: "lease_granted"; startMs: number; costWriteUnits: number; rateWcuPerSecond: number };

export type PostgresState = ReturnType<typeof createPostgresState>;

/** @param now the database's clock, epoch milliseconds. @param uuid a new id at each call. */
export function createPostgresState({
  now,
  uuid,
  onEvent = () => {},
}: {
  now: () => number;
  uuid: () => string;
  onEvent?: (event: PostgresEvent) => void;
}) {
  return {
    now,
    uuid,
    onEvent,
    failing: new Map<string, FailingRow>(),
    /** By id, in the order of dying. */
    deaths: new Map<string, DeathRow>(),
    deathOfMessage: new Map<string, DeathRow>(),
    runs: new Map<string, RunRow>(),
    leases: new Map<string, { holder: string; untilMs: number }>(),
  };
}

/** Latest attempts that a history keeps, as the real one. */
export const HISTORY_ATTEMPTS = 20;

export const asDate = (ms: number) => new Date(ms);
