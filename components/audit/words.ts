import type { TagTone } from "#components/ui/tag.tsx";
import type { AuditAct, AuditOutcome } from "#lib/contracts/audit.ts";

const OUTCOMES: Readonly<Record<AuditOutcome, { label: string; tone: TagTone; meaning: string }>> = {
  done: { label: "Done", tone: "ok", meaning: "It was done." },
  refused: { label: "Refused", tone: "warn", meaning: "It was not done, and its actor was told why." },
  failed: { label: "Failed", tone: "bad", meaning: "It was not done, by a fault." },
  unknown: { label: "Unknown", tone: "bad", meaning: "A backend did not answer: it may have been done." },
};
/** An act without an outcome is under way for a moment; older, it was cut off. */
const UNDER_WAY_MS = 60_000;

/** How an act ended, in words. */
export function outcomeWords({ outcome, at }: Pick<AuditAct, "outcome" | "at">, nowMs: number | null): { label: string; tone: TagTone; meaning: string } {
  if (outcome !== null) return OUTCOMES[outcome];
  if (nowMs !== null && nowMs - Date.parse(at) < UNDER_WAY_MS) return { label: "Under way", tone: "busy", meaning: "It was begun; its end is not written yet." };
  return { label: "No outcome", tone: "warn", meaning: "It was begun, and its end was never written: it may have been done." };
}

export const OUTCOME_FILTERS: readonly { value: AuditOutcome | "none" | ""; label: string }[] = [
  { value: "", label: "Any" },
  { value: "done", label: "Done" },
  { value: "refused", label: "Refused" },
  { value: "failed", label: "Failed" },
  { value: "unknown", label: "Unknown" },
  { value: "none", label: "No outcome" },
];

const whole = new Intl.NumberFormat("en-US");

/** `1 row`, `1,234 rows`. */
export function rowsText(count: number): string {
  return `${whole.format(count)} row${count === 1 ? "" : "s"}`;
}

/** `override.rateWcuPerSecond` as a person would write it: `override rate WCU per second`. */
export function fieldWords(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/[_.]/g, " ")
    .toLowerCase()
    .replace(/\bwcu\b/g, "WCU");
}
