import { MantineProvider } from "@mantine/core";
import { renderToString } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { prepareTraffic } from "#lib/view/traffic.ts";
import { AT, drain, failed, ok, overview, stale, worker } from "#lib/view/testing/overview.ts";
import { OverviewLoading } from "./overview-loading.tsx";
import { OverviewScreen, type OverviewScreenProps } from "./overview-screen.tsx";

function render(change: Partial<OverviewScreenProps> = {}): string {
  const shown = change.overview ?? overview();
  return renderToString(
    <MantineProvider>
      <OverviewScreen
        overview={shown}
        traffic={prepareTraffic({ overview: shown, history: undefined, range: "15m" })}
        range="15m"
        nowMs={Date.parse(AT)}
        disconnected={null}
        untouched={false}
        applyState={{ kind: "idle" }}
        onApply={() => Promise.resolve("applied")}
        onRange={() => undefined}
        {...change}
      />
    </MantineProvider>,
  ).replaceAll("<!-- -->", "");
}

/** Text of the element with a test id. */
function textOf(html: string, testId: string): string {
  const found = new RegExp(`data-testid="${testId}"[^>]*>(.*?)</`).exec(html);
  return (found?.[1] ?? "").replaceAll(/<[^>]*>/g, "");
}

describe("the overview", () => {
  it("shows every figure under its name", () => {
    const html = render();
    expect(textOf(html, "figure-waiting")).toBe("41,200");
    for (const id of ["in-flight", "oldest-age", "dead-letters", "arrival", "drain", "write-units", "throttles", "time-to-drain"]) {
      expect(textOf(html, `figure-${id}`)).not.toBe("");
    }
    expect(html).toContain('aria-label="Waiting"');
    expect(textOf(html, "effective-rate")).toBe("150");
    expect(html).toContain("The worker acknowledged it within 400 ms.");
  });

  it("shows the dial to who may not turn it, and nothing to turn it with", () => {
    const html = render({ onApply: null });
    expect(textOf(html, "effective-rate")).toBe("150");
    expect(html).toContain("Operators and admins set the rate.");
    expect(html).not.toContain("Apply");
    expect(html).not.toContain("Drain rate slider");
  });

  it("shows a failed reading as a dash that says so", () => {
    const html = render({ overview: overview({ figures: { waiting: failed() } }) });
    expect(textOf(html, "figure-waiting")).toBe("–");
    expect(html).toMatch(/aria-label="Waiting" data-state="error"/);
    expect(html).toContain("no reading");
  });

  it("shows an old reading as old", () => {
    const html = render({ overview: overview({ figures: { waiting: stale(12) } }) });
    expect(html).toMatch(/aria-label="Waiting" data-state="stale"/);
    expect(html).toContain("40 s ago · SQS");
  });

  it("holds on to what it has when the server is away, and says so", () => {
    const html = render({ disconnected: "The dashboard's server cannot be reached." });
    expect(html).toContain('role="alert"');
    expect(html).toContain("cannot be reached");
  });

  it("goes on without the dial when Postgres is away", () => {
    const html = render({ overview: overview({ dial: failed("drain row"), workers: failed("worker registry") }) });
    expect(html).toContain("The dial cannot be read: connection refused");
    expect(textOf(html, "figure-waiting")).toBe("41,200");
  });

  it("says that the guard holds the dial", () => {
    const dial = ok(drain({ rateWcuPerSecond: 1_000, askedWcuPerSecond: 1_000, effectiveWcuPerSecond: 180 }));
    const html = render({ overview: overview({ dial }) });
    expect(textOf(html, "effective-rate")).toBe("180");
    expect(html).toContain("dial at 1,000, held by the guard");
    expect(textOf(html, "dial-warning")).toContain("The guard holds it at 180");
  });

  it.each([
    ["a pause", drain({ mode: "paused", askedWcuPerSecond: 0, effectiveWcuPerSecond: 0 }), "0", "paused; the dial stands at 150"],
    ["an automatic rate", drain({ mode: "auto", computedWcuPerSecond: 120, askedWcuPerSecond: 120, effectiveWcuPerSecond: 120 }), "120", "automatic: as much as the table bears"],
    ["a goal out of reach", drain({ mode: "goal", goal: { clearBy: AT, state: "cannot_be_met", neededWcuPerSecond: 900 }, askedWcuPerSecond: 180, effectiveWcuPerSecond: 180 }), "180", "cannot be met: even all that the guard allows is not enough, needs 900 WCU/s"],
    [
      "an override",
      drain({ askedWcuPerSecond: 170, effectiveWcuPerSecond: 170, override: { id: "o", rateWcuPerSecond: 170, since: AT, until: AT, endsInSeconds: 60, thenWcuPerSecond: 150, by: "bob", reason: "launch" } }),
      "170",
      "(launch), then 150",
    ],
  ])("says why the rate in force is not the dial's: %s", (_name, dial, effective, words) => {
    const html = render({ overview: overview({ dial: ok(dial) }) });
    expect(textOf(html, "effective-rate")).toBe(effective);
    expect(html).toContain(words);
    expect(html).not.toContain("held by the");
  });

  it("marks who has not acknowledged, and greys who was not seen", () => {
    const behind = worker({ id: "b", acknowledged: { rateWcuPerSecond: 100, version: 6, at: AT } });
    const gone = worker({ id: "c", alive: false });
    const html = render({ overview: overview({ workers: ok([worker(), behind, gone]) }) });
    expect(html).toContain("1 of 2 workers have acknowledged it so far.");
    expect(html).not.toContain("failed</span>");
    expect(render({ overview: overview({ workers: ok([worker({ failedPerSecond: 3 })]) }) })).toContain("3 failed</span>");
    expect(html).toContain('data-current="false"');
    expect(html).toContain("not seen");
    expect(html).toContain('aria-label="Workers"');
  });

  it("tells a fresh install how to send a spike", () => {
    expect(render({ untouched: true })).toContain("npm run spike");
    expect(render()).not.toContain("npm run spike");
  });

  it.each([
    ["pending", { kind: "pending" } as const, "data-loading"],
    ["applied", { kind: "applied", drain: drain() } as const, "Applied: 150 WCU/s."],
  ])("an Apply that is %s", (_name, applyState, words) => {
    expect(render({ applyState })).toContain(words);
  });

  it("has a place for everything before the first answer", () => {
    const html = renderToString(<MantineProvider><OverviewLoading /></MantineProvider>);
    expect(html).toContain("Time to drain");
    expect(html).not.toContain("figure-waiting");
  });
});
