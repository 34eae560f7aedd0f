import type { Overview } from "#lib/contracts/overview.ts";
import { count } from "./numbers.ts";
import { stateSentence } from "./state-sentence.ts";

/** Headlines that a reader of the tab must see beside the number. */
const LOUD: ReadonlySet<string> = new Set(["Stalled", "Unknown", "Not live"]);

/** Title of the overview's tab: what waits, or why that is not known. Never an old number. */
export function overviewTitle(overview: Overview): string {
  const { waiting } = overview.figures;
  const { headline } = stateSentence(overview);
  const depth = waiting.state === "ok" && waiting.value > 0 ? `${count(waiting.value)} waiting` : null;
  const words = depth === null || LOUD.has(headline) ? [headline, depth] : [depth];
  return `${words.filter((word) => word !== null).join(": ")} · Spillway`;
}
