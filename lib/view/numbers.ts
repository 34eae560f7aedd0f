const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A count, with every digit as long as it can be read: `41,200`, then `12.4 M`. */
export function count(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude < 10_000_000) return whole.format(value);
  if (magnitude < 1e9) return `${(value / 1e6).toFixed(1)} M`;
  return `${(value / 1e9).toFixed(1)} B`;
}

/** A rate with as many decimals as carry meaning: `0`, `0.4`, `12.5`, `180`, `1,240`. */
export function rate(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude === 0) return "0";
  if (magnitude < 0.05) return "<0.1";
  if (magnitude < 100) return String(Math.round(value * 10) / 10);
  return count(value);
}

/** An axis label: `950`, `1.2k`, `40k`, `1.5M`. */
export function short(value: number): string {
  const magnitude = Math.abs(value);
  const scaled = (divisor: number, unit: string) => `${Math.round((value / divisor) * 10) / 10}${unit}`;
  if (magnitude < 1_000) return String(Math.round(value * 10) / 10);
  if (magnitude < 1e6) return scaled(1e3, "k");
  return magnitude < 1e9 ? scaled(1e6, "M") : scaled(1e9, "B");
}

/** A share as whole percent: `91 %`; what is there but small is never 0 %. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return "<1 %";
  return `${Math.round(share * 100)} %`;
}
