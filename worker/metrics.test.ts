import { expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";
import { activityBody, createWorld } from "./testing/world.ts";

test("the page counts what the worker did and shows what it holds", async () => {
  const world = createWorld({ attempts: 2 });
  const metrics = createMetrics({ worker: "w", version: "1.2.3", queue: "q.fifo", startedAtMs: 5_000 });
  for (let n = 0; n < 5; n += 1) world.queue.send(activityBody(`u${n}`, `x${n}`), { groupId: `u${n}` });
  world.queue.send(activityBody("bad", "bad"), { groupId: "bad" });
  world.table.reject("bad");
  world.start();
  await world.advance(30_000);
  for (const event of world.events) metrics.onEvent(event);
  metrics.awsCall("sqs", "ReceiveMessage", "ok");
  metrics.awsCall("sqs", "ReceiveMessage", "ok");
  metrics.awsCall("sqs", "ReceiveMessage", "error");
  metrics.onEvent({ event: "pushed", messageId: "m", sink: "webhook", key: "k" });
  metrics.onEvent({ event: "throttled", scope: "table", groupId: "g", cut: true, error: "" });

  const text = metrics.text(world.consumer.core);
  expect(metrics.text(world.consumer.core)).toContain("spillway_write_units_total 5\n"); // a second look adds nothing
  metrics.close();
  const lines = text.split("\n");
  expect(lines).toContain('spillway_worker_info{worker="w",version="1.2.3",queue="q.fifo"} 1');
  expect(lines).toContain("spillway_activities_stored_total 5");
  expect(lines).toContain("spillway_messages_acked_total 6");
  expect(lines).toContain('spillway_attempts_failed_total{reason="rejected_by_table"} 2');
  expect(lines).toContain("spillway_messages_dead_total 1");
  expect(lines).toContain("spillway_messages_nacked_total 1");
  expect(lines).toContain("spillway_buffered_messages 0");
  expect(lines).toContain("spillway_rate_wcu_per_second 1000");
  expect(lines).toContain('spillway_aws_calls_total{service="sqs",operation="ReceiveMessage",outcome="ok"} 2');
  expect(lines).toContain('spillway_aws_calls_total{service="sqs",operation="ReceiveMessage",outcome="error"} 1');
  expect(lines).toContain('spillway_pushes_total{sink="webhook"} 1');
  expect(lines).toContain('spillway_throttles_total{scope="table"} 1');
  expect(lines.some((line) => line.startsWith('spillway_event_loop_lag_seconds{quantile="0.99"} '))).toBe(true);
  const values = lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => Number(line.slice(line.lastIndexOf(" ") + 1)));
  expect(values.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
});
