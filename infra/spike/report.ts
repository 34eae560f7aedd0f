import type { SpikeSummary, Tally } from "./tally.ts";

const whole = (value: number) => Math.round(value).toLocaleString("en-US");
const ms = (value: number) => `${value < 10 ? value.toFixed(1) : whole(value)} ms`;
const pad = (label: string) => `  ${label.padEnd(12)}`;

/** What is shown while it runs. */
export function progressLine(counts: ReturnType<Tally["counts"]>, elapsedMs: number): string {
  const rate = counts.accepted / Math.max(0.001, elapsedMs / 1_000);
  const parts = [`${whole(elapsedMs / 1_000)} s`, `${whole(counts.accepted)} accepted`, `${whole(rate)}/s`];
  if (counts.refused > 0) parts.push(`${whole(counts.refused)} refused`);
  if (counts.unknown > 0) parts.push(`${whole(counts.unknown)} unknown`);
  if (counts.notSent > 0) parts.push(`${whole(counts.notSent)} not sent`);
  if (counts.unparseable > 0) parts.push(`${whole(counts.unparseable)} lines not read`);
  if (counts.retries > 0) parts.push(`${whole(counts.retries)} retries`);
  return parts.join(" · ");
}

/** Reasons come from whoever answers: a terminal must not obey what they hold. */
const printable = (text: string) => text.replace(/\p{Cc}/gu, "\uFFFD").slice(0, 300);

function reasons(list: readonly { reason: string; count: number; first: string }[]): string[] {
  const shown = list.slice(0, 10).map(({ reason, count, first }) => `    ${whole(count)} x ${printable(reason)} (first: ${first})`);
  return list.length > 10 ? [...shown, `    and ${whole(list.length - 10)} other reasons`] : shown;
}

/** The closing report. */
export function reportLines(summary: SpikeSummary, { elapsedMs, stoppedEarly }: { elapsedMs: number; stoppedEarly: boolean }): string[] {
  const { accepted, refused, unknown, notSent, unparseable, latency } = summary;
  const total = accepted + refused + unknown + notSent;
  const rate = accepted / Math.max(0.001, elapsedMs / 1_000);
  const lines = [
    `${whole(total)} activities of ${whole(summary.users)} users in ${(elapsedMs / 1_000).toFixed(1)} s${stoppedEarly ? " (stopped early)" : ""}`,
    `${pad("accepted")}${whole(accepted)} (${whole(rate)}/s)${summary.outOfOrder > 0 ? `, ${whole(summary.outOfOrder)} of them out of order` : ""}`,
    `${pad("refused")}${whole(refused)}`,
    ...reasons(summary.refusals),
  ];
  if (unknown > 0 || notSent > 0) lines.push(`${pad("unknown")}${whole(unknown)}`, `${pad("not sent")}${whole(notSent)}`, ...reasons(summary.unknowns));
  if (unparseable > 0) {
    lines.push(`${pad("not read")}${whole(unparseable)} lines of the log`, ...summary.unparseableLines.map(({ origin, reason }) => `    ${origin}: ${reason}`));
    const more = unparseable - summary.unparseableLines.length;
    if (more > 0) lines.push(`    and ${whole(more)} more`);
  }
  if (latency) {
    lines.push(`${pad("latency")}p50 ${ms(latency.p50Ms)} · p95 ${ms(latency.p95Ms)} · p99 ${ms(latency.p99Ms)} · max ${ms(latency.maxMs)} over ${whole(summary.requests)} requests`);
  }
  return lines;
}

/** Whether everything the source held was accepted. */
export function allAccepted({ refused, unknown, notSent, unparseable }: SpikeSummary): boolean {
  return refused + unknown + notSent + unparseable === 0;
}
