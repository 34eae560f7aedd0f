import { MESSAGE_VERSION } from "#lib/contracts/message.ts";
import { userHash } from "#lib/domain/activity-key.ts";
import { EPOCH_MS } from "./host.ts";
import type { Backend, Fate } from "./link.ts";
import type { ActivityKind } from "./log.ts";
import { createRandom, type Random } from "./random.ts";

export interface PlannedActivity {
  id: string;
  userId: string;
  groupId: string;
  kind: ActivityKind;
  occurredAt: string;
  properties: string;
  /** Pause of the producer before it, ms. */
  pauseMs: number;
  /** How the producer bears failures. */
  retries: number;
  retryAfterMs: number;
  /** Sent once more though it was accepted, this much later. */
  againAfterMs: number | null;
}

export interface Window {
  fromMs: number;
  toMs: number;
}

/** All that a seed decides before the run; what happens during it draws from the run's own random numbers. */
export interface Plan {
  seed: number;
  users: { userId: string; activities: PlannedActivity[] }[];
  rateWcuPerSecond: number;
  provisionedWcu: number | null;
  dialChanges: { atMs: number; rateWcuPerSecond: number }[];
  workers: number;
  attempts: number;
  visibilitySeconds: number;
  storeTimeoutMs: number;
  faultsEndMs: number;
  fates: Record<Backend, { fate: Fate; probability: number }[]>;
  killOnCall: number;
  killOnEvent: number;
  postgresAway: (Window & { mode: "throws" | "hangs" })[];
  tableThrottled: (Window & { probability: number })[];
  keyThrottled: (Window & { userId: string; probability: number })[];
  unprocessed: number;
  partialDelete: number;
  pauses: { atMs: number; forMs: number }[];
  jumps: { atMs: number; byMs: number }[];
  joins: number[];
  leaves: { atMs: number; kill: boolean }[];
  redrives: number[];
  /** The webhook, in some of the runs. */
  pushes: { failing: number; impatient: number } | null;
  /** From when on the table, and the webhook, take what they rejected before; null = never. */
  healedAtMs: number | null;
}

const FATES: Record<Backend, readonly Fate[]> = {
  sqs: ["failed", "answer_lost", "request_hung", "answer_hung", "late"],
  table: ["failed", "answer_lost", "request_hung", "answer_hung", "late"],
  postgres: ["failed", "answer_lost", "request_hung", "answer_hung"],
  filter: ["failed", "answer_lost", "request_hung", "answer_hung"],
  webhook: ["failed", "answer_lost", "request_hung", "answer_hung", "late"],
};
const POISON: readonly ActivityKind[] = ["rejected", "malformed", "unknown_version", "killer"];

function activity(random: Random, number: number, userId: string, { poison, againAfterMs }: { poison: number; againAfterMs: () => number }): PlannedActivity {
  const kind = random.chance(poison) ? random.pick(POISON) : "healthy";
  return {
    id: `a${number}`,
    userId,
    groupId: userHash(userId),
    kind,
    occurredAt: new Date(EPOCH_MS + number).toISOString(),
    properties: JSON.stringify({ text: "x".repeat(random.chance(0.1) ? 1_000 + random.int(4_000) : random.int(40)) }),
    pauseMs: random.chance(0.5) ? 0 : random.int(2_000),
    retries: random.int(4),
    retryAfterMs: 500 + random.int(5_000),
    againAfterMs: random.chance(0.05) ? againAfterMs() : null,
  };
}

/** Body of an activity as the public API writes it, or what a broken producer puts in its place. */
export function bodyOf({ id, userId, kind, occurredAt, properties }: PlannedActivity): string {
  const body = JSON.stringify({
    v: kind === "unknown_version" ? MESSAGE_VERSION + 98 : MESSAGE_VERSION,
    acceptedAt: occurredAt,
    activity: { id, userId, type: "t", occurredAt, properties },
  });
  return kind === "malformed" ? body.slice(0, -1) : body;
}

/** Draws a plan. Each kind of fault is in about two of five runs, so that runs differ in kind and not in amount only. */
export function createPlan(seed: number): Plan {
  const random = createRandom(seed);
  const some = <T>(make: () => T, otherwise: T, probability = 0.4): T => (random.chance(probability) ? make() : otherwise);
  const list = <T>(most: number, make: () => T, probability = 0.4): T[] =>
    random.chance(probability) ? Array.from({ length: 1 + random.int(most) }, make) : [];
  const faultsEndMs = 8_000 + random.int(27_000);
  const window = (): Window => {
    const fromMs = random.int(faultsEndMs);
    return { fromMs, toMs: Math.min(faultsEndMs, fromMs + 500 + random.int(20_000)) };
  };
  const poison = some(() => random.between(0.02, 0.25), 0);
  // A duplicate past SQS's window is a new message; few runs wait for that long.
  const past = random.chance(0.04);
  const againAfterMs = () => (past && random.chance(0.5) ? 300_000 + random.int(30_000) : random.int(20_000));
  const visibilitySeconds = 4 + random.int(27);
  const userIds = Array.from({ length: 1 + random.int(6) }, (_, index) => `user-${index}`);
  let number = 0;
  const users = userIds.map((userId) => ({
    userId,
    activities: Array.from({ length: 1 + random.int(random.chance(0.2) ? 30 : 8) }, () => activity(random, (number += 1), userId, { poison, againAfterMs })),
  }));
  const fatesOf = (backends: readonly Backend[]) =>
    Object.fromEntries(
      backends.map((backend) => [
        backend,
        some(() => [{ fate: random.pick(FATES[backend]), probability: random.between(0.005, 0.15) }, { fate: random.pick(FATES[backend]), probability: random.between(0, 0.1) }], []),
      ]),
    );
  const fates = fatesOf(["sqs", "table", "postgres"]);
  const rate = () => Math.round(10 ** random.between(0.7, 2.5));
  const plan = {
    seed,
    users,
    rateWcuPerSecond: rate(),
    provisionedWcu: some(() => 5 + random.int(300), null, 0.7),
    dialChanges: list(4, () => ({ atMs: random.int(faultsEndMs), rateWcuPerSecond: rate() }), 0.3),
    workers: 1 + random.int(3),
    attempts: 2 + random.int(4),
    visibilitySeconds,
    storeTimeoutMs: 1_000 * Math.max(1, Math.min(8, Math.floor(visibilitySeconds / 2) - 1)),
    faultsEndMs,
    killOnCall: some(() => random.between(0.001, 0.02), 0),
    killOnEvent: some(() => random.between(0.001, 0.03), 0),
    postgresAway: list(2, () => ({ ...window(), mode: random.pick(["throws", "hangs"] as const) }), 0.3),
    tableThrottled: list(3, () => ({ ...window(), probability: random.pick([0.3, 0.5, 1]) }), 0.3),
    keyThrottled: list(2, () => ({ ...window(), userId: random.pick(userIds), probability: random.pick([0.3, 0.7, 1]) }), 0.3),
    unprocessed: some(() => random.between(0.05, 0.5), 0),
    partialDelete: some(() => random.between(0.02, 0.3), 0),
    pauses: list(3, () => ({ atMs: random.int(faultsEndMs), forMs: 200 + random.int(random.chance(0.5) ? 2_000 : 40_000) })),
    jumps: list(3, () => ({ atMs: random.int(faultsEndMs), byMs: random.int(1_200_000) - 600_000 })),
    joins: list(5, () => random.int(faultsEndMs), 0.3),
    leaves: list(4, () => ({ atMs: random.int(faultsEndMs), kill: random.chance(0.3) })),
    redrives: list(3, () => 5_000 + random.int(faultsEndMs), 0.5),
    healedAtMs: some(() => random.int(faultsEndMs), null, 0.5),
  };
  // Drawn last, so that it changes nothing else of a seed's plan.
  const pushes = some(() => ({ failing: some(() => random.between(0.02, 0.4), 0), impatient: some(() => random.between(0.01, 0.1), 0, 0.3) }), null, 0.35);
  if (pushes !== null && poison > 0) {
    for (const one of users.flatMap(({ activities }) => activities)) if (one.kind === "healthy" && random.chance(poison / 4)) one.kind = "unwelcome";
  }
  return { ...plan, pushes, fates: { ...fates, ...fatesOf(["filter", "webhook"]) } as Plan["fates"] };
}
