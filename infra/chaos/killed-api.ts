import { type Child, type LogEvent, startChild } from "#infra/start/child.ts";
import type { WireCall } from "./proxy.ts";

const READY_DEADLINE_MS = 60_000;

/** When a kill falls: at once, as a call to SQS goes out, or when SQS has done it and its answer is on its way. */
export const KILL_MOMENTS = ["now", "asked", "acted"] as const;
export type KillMoment = (typeof KILL_MOMENTS)[number];
export type KilledApi = Awaited<ReturnType<typeof startKilledApi>>;

/**
 * A public API process that is killed again and again, and started again on the same port. Hand its calls to `see`.
 * @param onEvent told of each of its log lines.
 */
export async function startKilledApi({ env, onEvent }: { env: Readonly<Record<string, string>>; onEvent: (event: LogEvent) => void }) {
  let port = 0;
  let child: Child;
  /** What waits for a call at this stage. */
  let armed: { stage: WireCall["stage"]; fire: () => void } | null = null;
  let kills = 0;

  async function begin(): Promise<void> {
    child = startChild({ args: ["public-api/main.ts"], env: { ...env, PUBLIC_API_PORT: String(port) }, onEvent });
    const ready = await child.event("ready", { deadlineMs: READY_DEADLINE_MS });
    port = Number(ready.port);
  }
  await begin();

  /** Waits for a call at this stage. @returns false when the signal came first. */
  function reached(stage: WireCall["stage"], signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (fired: boolean) => {
        armed = null;
        signal.removeEventListener("abort", giveUp);
        resolve(fired);
      };
      const giveUp = () => settle(false);
      armed = { stage, fire: () => settle(true) };
      signal.addEventListener("abort", giveUp);
    });
  }

  return {
    url: `http://127.0.0.1:${port}`,
    kills: () => kills,
    see: (call: WireCall): void => {
      if (armed?.stage === call.stage) armed.fire();
    },
    /** Kills it at this moment and waits until its successor is ready; not when the signal comes before the moment. */
    async kill(moment: KillMoment, signal: AbortSignal): Promise<void> {
      if (signal.aborted || (moment !== "now" && !(await reached(moment, signal)))) return;
      child.kill();
      kills += 1;
      onEvent({ event: "chaos.killed", moment });
      await child.exited;
      await begin();
    },
    close: () => child.stop(),
  };
}
