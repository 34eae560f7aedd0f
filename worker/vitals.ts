import { ConfigError } from "#lib/config/parse-env.ts";
import type { WorkerHealthConfig } from "#lib/config/worker-health.ts";
import type { Clock } from "./clock.ts";
import type { Consumer } from "./consumer.ts";
import { type Emit, errorText } from "./events.ts";
import { type HealthServer, startHealth } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import { createReceiveWatch } from "./receive-watch.ts";
import { blockedLimitSeconds, startWatchdog } from "./watchdog.ts";

export type Vitals = Awaited<ReturnType<typeof startVitals>>;

/**
 * All that looks after the worker from beside: its health port, the watch over its receive loops, the watchdog of its
 * event loop.
 * @param onWedged receiving has stopped for good: the process must be started again.
 * @throws ConfigError when the address cannot be listened on.
 */
export async function startVitals({
  config,
  consumer,
  metrics,
  worker,
  visibilitySeconds,
  clock,
  emit,
  onWedged,
}: {
  config: WorkerHealthConfig;
  consumer: Pick<Consumer, "core" | "receiving">;
  metrics: Metrics;
  worker: string;
  visibilitySeconds: number;
  clock: Clock;
  emit: Emit;
  onWedged: () => void;
}) {
  let state: "starting" | "running" | "stopping" = "starting";
  const watch = createReceiveWatch({
    clock,
    progress: consumer.receiving,
    wake: consumer.core.notify,
    onWedged(forMs) {
      emit({ event: "receiving_wedged", forMs });
      onWedged();
    },
  });
  const running = () => ({ ok: state === "running", seen: state === "starting" ? "the drain row has not been read yet" : state });
  let health: HealthServer;
  try {
    health = await startHealth({
      ...config,
      // That it answers at all says that the event loop turns.
      healthy: () => ({ eventLoop: { ok: true, seen: "it turns" }, receiving: state === "running" ? watch.receiving() : { ok: true, seen: state } }),
      ready: () => ({ state: running(), queue: watch.queue() }),
      metrics: () => metrics.text(consumer.core),
    });
  } catch (thrown) {
    throw new ConfigError([`WORKER_HOST ${config.host}, port ${config.port}, cannot be listened on: ${errorText(thrown)}`]);
  }
  emit({ event: "health_listening", healthUrl: health.url, instead: health.instead });
  const watchdog = startWatchdog({
    worker,
    limitSeconds: blockedLimitSeconds({ given: config.blockedSeconds, visibilitySeconds }),
    onFault: (thrown) => emit({ event: "fault", where: "watchdog", error: errorText(thrown) }),
  });
  const watching = new AbortController();

  return {
    url: health.url,

    /** The worker receives from now on. */
    running(): void {
      state = "running";
      void watch.run(watching.signal);
    },

    /** It receives no more. */
    stopping(): void {
      state = "stopping";
      watching.abort();
    },

    async close(): Promise<void> {
      watching.abort();
      watchdog.close();
      metrics.close();
      await health.close();
    },
  };
}
