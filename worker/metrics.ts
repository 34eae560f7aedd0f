import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Core } from "./core.ts";
import type { WorkerEvent } from "./events.ts";
import { createPage } from "./prometheus.ts";

/** Resolution of the event loop's lag: what a loop that is never late would show. */
const LAG_RESOLUTION_MS = 20;
const NS_PER_SECOND = 1e9;

export type Metrics = ReturnType<typeof createMetrics>;

/** The worker's Prometheus page: counters from its events and calls, gauges read when it is asked for. */
export function createMetrics({ worker, version, queue, startedAtMs }: { worker: string; version: string; queue: string; startedAtMs: number }) {
  const page = createPage();
  const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  lag.enable();
  const count = (name: string, help: string) => page.counter(`spillway_${name}_total`, help);
  const countBy = (name: string, help: string) => page.counter(`spillway_${name}_total`, help, { labelled: true });
  const gauge = (name: string, help: string) => page.gauge(`spillway_${name}`, help);

  page.gauge("spillway_worker_info", "This worker; always 1.", { worker, version, queue }).set(1);
  page.gauge("process_start_time_seconds", "When the process started, epoch seconds.").set(startedAtMs / 1000);
  const received = count("messages_received", "Messages received, redeliveries included.");
  const stored = count("activities_stored", "Activities written to the table.");
  const acked = count("messages_acked", "Messages deleted from the queue.");
  const failed = countBy("attempts_failed", "Failed attempts, by reason.");
  const dead = count("messages_dead", "Messages whose death this worker completed.");
  const nacked = count("messages_nacked", "Messages put off after a failed attempt, their followers included.");
  const released = countBy("messages_released", "Messages given back uncounted, by why.");
  const left = countBy("messages_left", "Messages left to the queue's own timeout, by why.");
  const units = count("write_units", "Write units that the table charged.");
  const throttles = countBy("throttles", "Throttles of the table, by scope.");
  const leases = countBy("leases", "Leases of the drain row, by outcome.");
  const receiveFailures = count("receive_failures", "Receive calls that failed.");
  const pushed = countBy("pushes", "Activities that a sink has taken.");
  const pushesSkipped = countBy("pushes_skipped", "Pushes that had been made before.");
  const pushesPutOff = countBy("pushes_put_off", "Pushes put off uncounted, by why.");
  const pushesFailed = countBy("push_failures", "Failed pushes, by reason.");
  const faults = countBy("faults", "Faults in this worker's own code, by place.");
  const calls = countBy("aws_calls", "Calls of AWS, by service, operation and outcome.");
  const gauges = {
    messages: gauge("buffered_messages", "Messages held that are not stored."),
    writeUnits: gauge("buffered_write_units", "Write units of the messages held that are not stored."),
    lanes: gauge("lanes", "Users of whom messages are held."),
    rate: gauge("rate_wcu_per_second", "Rate in force, write units a second, over all workers."),
    workers: gauge("live_workers", "Workers that share the rate, this one included."),
    lagP99: page.gauge("spillway_event_loop_lag_seconds", "Lag of the event loop since the last look.", { quantile: "0.99" }),
    lagMax: page.gauge("spillway_event_loop_lag_seconds", "Lag of the event loop since the last look.", { quantile: "1" }),
    memory: page.gauge("process_resident_memory_bytes", "Resident memory."),
  };
  let unitsSeen = 0;

  function onEvent(event: WorkerEvent): void {
    switch (event.event) {
      case "received":
        received.add(event.messageIds.length);
        break;
      case "stored":
        stored.add(event.messageIds.length);
        break;
      case "acked":
        acked.add(event.messageIds.length);
        break;
      case "attempt_failed":
        failed.add(1, { reason: event.reason });
        break;
      case "died":
        if (event.outcome === "completed") dead.add();
        break;
      case "nacked":
        nacked.add(event.messageIds.length);
        break;
      case "released":
        released.add(event.messageIds.length, { why: event.why });
        break;
      case "left":
        left.add(event.messageIds.length, { why: event.why });
        break;
      case "throttled":
        throttles.add(1, { scope: event.scope });
        break;
      case "lease_granted":
      case "lease_refused":
        leases.add(1, { outcome: event.event === "lease_granted" ? "granted" : "refused" });
        break;
      case "receive_failed":
        receiveFailures.add();
        break;
      case "pushed":
        pushed.add(1, { sink: event.sink });
        break;
      case "push_skipped":
        pushesSkipped.add(1, { sink: event.sink });
        break;
      case "push_put_off":
        pushesPutOff.add(1, { sink: event.sink, why: event.why });
        break;
      case "push_failed":
        pushesFailed.add(1, { sink: event.sink, reason: event.reason });
        break;
      case "fault":
        faults.add(1, { where: event.where });
        break;
      default:
    }
  }

  return {
    onEvent,

    /** Counts one call of an AWS client. */
    awsCall: (service: string, operation: string, outcome: "ok" | "error"): void => calls.add(1, { service, operation, outcome }),

    /** The page as of now. */
    text({ lanes, leaser, samples, liveWorkers }: Pick<Core, "lanes" | "leaser" | "samples" | "liveWorkers">): string {
      const buffered = lanes.buffered();
      const { writeUnits } = samples.totals();
      units.add(writeUnits - unitsSeen);
      unitsSeen = writeUnits;
      gauges.messages.set(buffered.messages);
      gauges.writeUnits.set(buffered.writeUnits);
      gauges.lanes.set(lanes.size());
      gauges.rate.set(leaser.rate().effectiveWcuPerSecond);
      gauges.workers.set(liveWorkers);
      const seconds = (ns: number) => Math.max(0, ns / NS_PER_SECOND - LAG_RESOLUTION_MS / 1000);
      gauges.lagP99.set(seconds(lag.percentile(99)));
      gauges.lagMax.set(seconds(lag.max));
      lag.reset();
      gauges.memory.set(process.memoryUsage.rss());
      return page.text();
    },

    close: (): boolean => lag.disable(),
  };
}
