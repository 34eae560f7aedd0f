import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type Child, type LogEvent, startChild } from "#infra/start/child.ts";
import { until } from "#infra/testing/until.ts";

const children: Child[] = [];
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.stop()));
});

function startBlocking({ blockMs, limitSeconds, tellMs }: { blockMs: number; limitSeconds: number; tellMs: number }) {
  const events: LogEvent[] = [];
  const script = join(import.meta.dirname, "testing", "blocking-child.ts");
  const child = startChild({ args: [script, String(blockMs), String(limitSeconds), String(tellMs)], env: {}, onEvent: (event) => events.push(event) });
  children.push(child);
  return { child, events, blocked: () => events.filter(({ event }) => event === "event_loop_blocked") };
}

describe("the watchdog", () => {
  test("tells for how long the event loop was blocked, once it turns again", async () => {
    const { child, events, blocked } = startBlocking({ blockMs: 1_500, limitSeconds: 60, tellMs: 800 });
    await child.event("ended", { deadlineMs: 20_000 });
    expect(await child.exited).toBe("exit code 0");
    expect(blocked()).toHaveLength(1);
    expect(blocked()[0]).toMatchObject({ level: "warn", worker: "w", ending: false });
    const { blockedMs } = blocked()[0] as unknown as { blockedMs: number };
    expect(blockedMs).toBeGreaterThanOrEqual(1_200);
    expect(events.map(({ event }) => event)).toContain("turns again");
  });

  test("says nothing of a loop that turns", async () => {
    const { child, blocked } = startBlocking({ blockMs: 1, limitSeconds: 60, tellMs: 2_000 });
    await child.event("ended", { deadlineMs: 20_000 });
    await child.exited;
    expect(blocked()).toEqual([]);
  });

  test("ends a process whose event loop stays blocked, by the one signal that means it", async () => {
    const { child, events, blocked } = startBlocking({ blockMs: 60_000, limitSeconds: 1, tellMs: 500 });
    expect(await child.exited).toBe("SIGALRM");
    expect(blocked()).toMatchObject([{ level: "error", ending: true }]);
    expect(events.map(({ event }) => event)).not.toContain("turns again");
  });

  test("takes a pause of the whole process for no block", async () => {
    const { child, events, blocked } = startBlocking({ blockMs: 0, limitSeconds: 2, tellMs: 1_200 });
    await child.event("ready", { deadlineMs: 20_000 });
    process.kill(child.pid, "SIGSTOP");
    const pausedAtMs = performance.now();
    await until(() => performance.now() - pausedAtMs > 3_000, { deadlineMs: 10_000 });
    process.kill(child.pid, "SIGCONT");
    expect(await child.exited).toBe("exit code 0");
    expect(blocked()).toEqual([]);
    expect(events.map(({ event }) => event)).toContain("ended");
  });
});
