import type { Entry } from "./log.ts";

/** One line of a trace: step, virtual time, who, and what. */
export function traceLine({ step, atMs, ...fact }: Entry): string {
  const { fact: kind, ...rest } = fact;
  const text = kind === "worker" || kind === "postgres" ? { who: fact.worker, ...fact.event } : rest;
  return `${String(step).padStart(7)} ${(atMs / 1000).toFixed(3).padStart(9)} ${kind.padEnd(12)} ${JSON.stringify(text)}`;
}
