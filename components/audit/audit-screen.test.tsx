import { MantineProvider } from "@mantine/core";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { AuditAct } from "#lib/contracts/audit.ts";
import { ActDetail } from "./act-drawer.tsx";
import { changesOf } from "./acts-table.tsx";
import { AuditScreen, type AuditScreenProps } from "./audit-screen.tsx";

const NOW = Date.parse("2026-01-31T12:20:00.000Z");
const ignore = () => undefined;
const draw = (node: ReactNode) => renderToStaticMarkup(<MantineProvider>{node}</MantineProvider>);
const HASH = "ab".repeat(32);

function act(seq: number, more: Partial<AuditAct> = {}): AuditAct {
  return {
    id: `00000000-0000-4000-8000-${String(seq).padStart(12, "0")}`,
    at: "2026-01-31T12:00:00.000Z",
    action: "drain.rate",
    actor: { id: "ada", name: "Ada", email: "ada@example.com", role: "admin" },
    target: "activities.fifo",
    reason: "sale",
    asked: '{"rateWcuPerSecond":400,"expectedVersion":3}',
    before: '{"version":3,"mode":"manual","rateWcuPerSecond":100}',
    after: '{"version":4,"mode":"manual","rateWcuPerSecond":400}',
    outcome: "done",
    error: null,
    endedAt: "2026-01-31T12:00:00.010Z",
    links: { first: { seq, prevHash: HASH, hash: HASH }, outcome: { seq: seq + 1, prevHash: HASH, hash: HASH } },
    ...more,
  };
}

const props: AuditScreenProps = {
  form: { fields: { who: "", action: "", outcome: "", from: "", to: "" }, errors: {}, zone: "UTC", disabled: false, onChange: ignore, onApply: ignore, onPreset: ignore, onClear: ignore },
  filtered: false,
  page: { kind: "page", list: { items: [act(1), act(3, { outcome: null, endedAt: null, after: null })], nextBefore: 1, protected: true }, asOf: "2026-01-31T12:19:59.000Z", stale: null, busy: false },
  pager: { page: 1, onNewer: ignore, onOlder: ignore },
  exporting: { state: { kind: "idle" }, onExport: ignore },
  chain: { check: { kind: "idle" }, nowMs: NOW, disabled: false, onStart: ignore },
  drawer: { state: null, nowMs: NOW, onRetry: ignore, onClose: ignore },
  nowMs: NOW,
  onOpen: ignore,
  onRetry: ignore,
};
const screen = (over: Partial<AuditScreenProps>) => draw(<AuditScreen {...props} {...over} />);
const page = (over: object): AuditScreenProps["page"] => Object.assign({ ...props.page }, over);
const listed = (items: AuditAct[], more: object = {}) => page({ list: { items, nextBefore: null, protected: true, ...more } });

describe("the audit log", () => {
  it("names who did what, what it changed and how it ended", () => {
    const html = screen({});
    for (const text of ['aria-label="Audit log"', 'aria-label="Details of Drain rate set, row 1"', "Ada", "ada@example.com (admin)", "rate WCU per second 100 → 400", "sale", ">Done<", ">No outcome<"]) expect(html).toContain(text);
    expect(html).not.toContain("not protected");
  });

  it("runs nothing that people wrote, and shows what hides in it", () => {
    const html = screen({ page: listed([act(1, { actor: { id: "x", name: "<img src=x onerror=alert(1)>", email: null, role: "admin" }, reason: "a\u202Eb", target: "</script><script>alert(1)</script>" })]) });
    expect(html).not.toContain("<img src=x");
    expect(html).not.toContain("<script>");
    expect(html).toContain("a\\u202Eb");
  });

  it("says when its own login could change the log", () => {
    expect(screen({ page: listed([act(1)], { protected: false }) })).toContain("not protected from this dashboard");
  });

  it("tells an empty log from a filter that fits nothing, and an old list from a live one", () => {
    expect(screen({ page: listed([]) })).toContain("Nothing has been done yet");
    expect(screen({ page: listed([]), filtered: true })).toContain("No act fits these filters");
    expect(screen({ page: listed([]), pager: { ...props.pager, page: 2 } })).toContain("Nothing on this page");
    expect(screen({ page: page({ stale: { age: "20 s ago", message: "No answer." } }) })).toContain("Old figures.");
    expect(screen({ page: { kind: "loading" } })).toContain("Loading the audit log");
    expect(screen({ page: { kind: "failed", message: "away" } })).toContain("The audit log could not be read");
  });

  it("says what the check of the chain found", () => {
    const chain = (check: AuditScreenProps["chain"]["check"]) => screen({ chain: { ...props.chain, check } });
    expect(chain({ kind: "running", checked: 10_000, rows: 25_000 })).toContain("Checked 10,000 rows of 25,000 rows");
    expect(chain({ kind: "whole", rows: 12, hash: HASH, at: "2026-01-31T12:19:59.000Z" })).toContain("Whole: 12 rows.");
    expect(chain({ kind: "broken", seq: 7, message: "Row 7 was changed.", whole: 6 })).toMatch(/Broken at row 7\.<\/strong> Row 7 was changed\. The 6 rows before it are whole\./);
    expect(chain({ kind: "failed", message: "away" })).toContain("The chain could not be checked");
  });

  it("lets one export run at a time, and says when one failed", () => {
    expect(screen({ exporting: { state: { kind: "failed", message: "cut off" }, onExport: ignore } })).toContain("cut off");
    expect(screen({ exporting: { state: { kind: "running", format: "csv" }, onExport: ignore } })).toMatch(/<button[^>]*disabled[^>]*>.*?Export NDJSON/);
  });
});

describe("the details of an act", () => {
  it("compare before and after, and give the place in the chain to copy", () => {
    const html = draw(<ActDetail act={act(1)} nowMs={NOW} />);
    expect(html).toMatch(/rate WCU per second<\/th><td class="mono">100<\/td><td class="mono">400/);
    for (const text of ["Asked for", "Role then", HASH, "after 10 ms", "Outcome row"]) expect(html).toContain(text);
  });

  it("of an act that was cut off say that it may have been done", () => {
    const html = draw(<ActDetail act={act(1, { outcome: null, endedAt: null, after: null, links: { first: { seq: 1, prevHash: HASH, hash: HASH }, outcome: null } })} nowMs={NOW} />);
    expect(html).toContain("its end was never written: it may have been done");
    expect(html).not.toContain("Before and after");
  });
});

it("an act that changed nothing shows what was asked for", () => {
  expect(changesOf({ before: '{"rate":1,"version":3}', after: '{"rate":1,"version":4}', asked: '{"rate":5,"expectedVersion":2}' })).toEqual([{ name: "rate", from: null, to: "5" }]);
  expect(changesOf({ before: null, after: null, asked: null })).toEqual([]);
  expect(changesOf({ before: '{"rate":1}', after: null, asked: '{"rate":5,"until":null}' })).toEqual([{ name: "rate", from: null, to: "5" }]);
  expect(changesOf({ before: null, after: '{"acts":3}', asked: null })).toEqual([{ name: "acts", from: null, to: "3" }]);
});
