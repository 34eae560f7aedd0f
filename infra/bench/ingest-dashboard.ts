import { setTimeout as sleep } from "node:timers/promises";
import { percentile } from "#infra/spike/percentiles.ts";
import { startProduct } from "#infra/testing/product.ts";
import { startLoader } from "./ingest-protocol.ts";
import { faultOf } from "./ingest-tally.ts";
import { median } from "./median.ts";
import { type BenchResult, rounded } from "./result.ts";

const ROUNDS = 3;
const CONNECTIONS = 640;
/** Of a viewer who looks more often than any page asks. */
const LOOK_EVERY_MS = 50;
const WARM_UP_SECONDS = 4;
/** Until those that were refused come back in turns, and until what was sent has been answered. */
const SETTLE_SECONDS = 2;
/** A percentile of few looks says little. */
const LEAST_SECONDS = 10;
const LOOK_TIMEOUT_MS = 20_000;

/** Asks for the dashboard's data again and again, one after the other. @returns the times, milliseconds. */
async function look({ url, cookie, seconds }: { url: string; cookie: string; seconds: number }): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const fromMs = performance.now();
    const answer = await fetch(`${url}/api/overview`, { headers: { cookie }, signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) });
    const text = await answer.text();
    const tookMs = performance.now() - fromMs;
    if (answer.status !== 200) throw new Error(`the dashboard answered ${answer.status}: ${text.slice(0, 200)}`);
    times.push(tookMs);
    await sleep(Math.max(0, LOOK_EVERY_MS - tookMs));
  }
  return times;
}

/**
 * What somebody at the dashboard notices while the public API is overloaded: all of `npm start`, a signed-in session, and
 * the page's own requests, beside times without load.
 */
export async function dashboard({ seconds, log }: { seconds: number; log: (line: string) => void }): Promise<BenchResult> {
  const lookSeconds = Math.max(seconds, LEAST_SECONDS);
  log("dashboard: starting all of it");
  const product = await startProduct();
  const loader = await startLoader();
  try {
    const viewer = { url: product.dashboardUrl, cookie: await product.signIn("operator") };
    const load = { kind: "http", port: Number(new URL(product.apiUrl).port), apiKey: await product.apiKey(), connections: CONNECTIONS, activitiesPerRequest: 1, obeysRetryAfter: true } as const;
    await look({ ...viewer, seconds: WARM_UP_SECONDS });
    const p95 = { idle: [] as number[], loaded: [] as number[] };
    const runs: Record<string, unknown>[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const state of ["idle", "loaded"] as const) {
        if (state === "loaded") await loader.start(load);
        await sleep(SETTLE_SECONDS * 1000);
        const [times, measured] = await Promise.all([look({ ...viewer, seconds: lookSeconds }), state === "loaded" ? loader.measure(lookSeconds) : null]);
        if (state === "loaded") {
          const fault = faultOf(await loader.stop());
          if (fault !== null) throw new Error(fault);
        }
        const sorted = times.toSorted((a, b) => a - b);
        const at = (share: number) => rounded(percentile(sorted, share) ?? Number.NaN);
        p95[state].push(at(0.95));
        const acceptedPerSecond = measured === null ? 0 : Math.round(measured.accepted / measured.seconds);
        const run = { name: `dashboard, ${state}`, looks: times.length, p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1), acceptedPerSecond, refused: measured?.refused ?? 0, failed: measured?.failed ?? 0 };
        runs.push(run);
        log(`${round}/${ROUNDS} dashboard ${state.padEnd(6)} ${run.looks} looks, p50 ${run.p50Ms.toFixed(1)} ms p95 ${run.p95Ms.toFixed(1)} ms, ${acceptedPerSecond} activities/s, ${run.refused} refused`);
      }
    }
    const [idle, loaded] = [median(p95.idle), median(p95.loaded)];
    return { figures: { dashboardP95Ratio: rounded(loaded / idle), dashboardP95Ms: rounded(loaded), dashboardIdleP95Ms: rounded(idle) }, runs };
  } finally {
    await loader.close();
    await product.close();
  }
}
