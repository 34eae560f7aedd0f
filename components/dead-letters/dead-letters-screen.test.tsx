import { MantineProvider } from "@mantine/core";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { DeadLettersScreen, type DeadLettersScreenProps } from "./dead-letters-screen.tsx";
import { type BodyState, BodyView, type BodyViewProps } from "./death-body.tsx";
import { DeathDetail } from "./death-drawer.tsx";
import { RedriveForm } from "./redrive-dialog.tsx";
import { RunScreen } from "./run-screen.tsx";
import { deadLetter, deadLetterDetail, sampleReceipt } from "./samples.ts";

const NOW = Date.parse("2026-01-31T12:20:00.000Z");
const ignore = () => undefined;
const draw = (node: ReactNode) => renderToStaticMarkup(<MantineProvider>{node}</MantineProvider>);
const actions = { nowMs: NOW, onRedrive: ignore, onReveal: () => Promise.resolve("ann@example.com"), onOpenDeath: ignore, onOpenRun: ignore, onOpenUser: ignore };
const counts = { open: { value: 10_000, capped: true }, awaitingSweep: { value: 4, capped: false }, failing: { value: 0, capped: false } };

const props: DeadLettersScreenProps = {
  ledger: {
    kind: "page",
    list: { items: [deadLetter(1), deadLetter(2), deadLetter(3, { activityId: null, userId: null, type: null, reason: "malformed" })], nextCursor: "c", counts },
    asOf: "2026-01-31T12:19:59.000Z",
    stale: null,
    busy: false,
  },
  toolbar: { status: "open", user: "", selected: { count: 0, elsewhere: 0 }, disabled: false, onStatus: ignore, onUser: ignore, onRedrive: ignore, onClear: ignore },
  table: { selected: new Set(), onSelect: ignore, onSelectAll: ignore, onOpen: ignore },
  pager: { page: 1, onNewer: ignore, onOlder: ignore },
  run: null,
  failing: { kind: "rows", rows: [], stale: null },
  runs: { kind: "rows", rows: [], stale: null },
  drawer: { ...actions, state: null, onRetry: ignore, onClose: ignore },
  dialog: { deaths: null, attempt: { kind: "idle" }, onConfirm: ignore, onDrop: ignore, onClose: ignore },
  nowMs: NOW,
  onRetry: ignore,
};
const screen = (over: Partial<DeadLettersScreenProps>) => draw(<DeadLettersScreen {...props} {...over} />);
const page = (over: object) => ({ ...(props.ledger as object), ...over }) as DeadLettersScreenProps["ledger"];

describe("the dead letters screen", () => {
  it("offers nothing to who may only read", () => {
    const html = screen({ toolbar: { ...props.toolbar, onRedrive: null }, table: { ...props.table, selected: null } });
    expect(html).toContain("Admins redrive.");
    expect(html).not.toContain("Redrive selected");
    expect(html).not.toContain('type="checkbox"');
    expect(draw(<DeathDetail {...actions} onRedrive={null} onOpenUser={null} detail={deadLetterDetail(1)} />)).not.toMatch(/Redrive this|Activities of/);
  });

  it("is a named table with a checkbox for each row and the counts above", () => {
    const html = screen({});
    for (const text of ['aria-label="Dead letters"', 'aria-label="Select activity-1"', `aria-label="Select ${deadLetter(3).messageId}"`, "10,000+", "Unreadable body", "18 min ago"]) {
      expect(html).toContain(text);
    }
    expect(html).toContain("Redrive selected");
    expect(html).toMatch(/<button[^>]*disabled[^>]*>.*?Redrive selected/);
  });

  it("says how many are chosen, and how many of them are out of sight", () => {
    const html = screen({ toolbar: { ...props.toolbar, selected: { count: 3, elsewhere: 1 } } });
    expect(html).toContain("Redrive 3 selected");
    expect(html).toContain("1 of 3 dead letters on other pages");
  });

  it("lets nothing be chosen that is under way or resolved", () => {
    const underWay = deadLetter(1, { redrive: { runId: deadLetter(9).id, state: "sent", bouncedDeathId: null } });
    const html = screen({ ledger: page({ list: { items: [underWay, deadLetter(2, { status: "stored", awaitingSweep: true })], nextCursor: null, counts } }) });
    expect(html.match(/<input(?=[^>]*type="checkbox")(?=[^>]*disabled)/g)).toHaveLength(3);
    expect(html).toContain("awaiting sweep");
  });

  it("tells waiting, failing, empty and old apart", () => {
    expect(screen({ ledger: { kind: "loading" } })).toContain('aria-label="Loading dead letters"');
    expect(screen({ ledger: { kind: "failed", message: "The database is away." } })).toContain("The database is away.");
    expect(screen({ ledger: page({ list: { items: [], nextCursor: null, counts } }) })).toContain("No dead letters. Nothing has failed for good.");
    const old = screen({ ledger: page({ stale: { age: "35 s ago", message: "No answer." } }) });
    expect(old).toContain("Read 35 s ago");
    expect(old).toContain("activity-1");
  });

  it("shows what is failing and the runs", () => {
    const failing = { messageId: "m-1", userId: "ann", activityId: "a-1", type: null, attempts: 2, firstFailedAt: null, lastFailedAt: null, lastError: "TimeoutError" };
    const { items: _, ...run } = sampleReceipt();
    const html = screen({ failing: { kind: "rows", rows: [failing], stale: null }, runs: { kind: "rows", rows: [run], stale: null } });
    expect(html).toContain('aria-label="Failing now"');
    expect(html).toContain("1 of 3 stored, 1 bounced");
    expect(html).toContain(`/dead-letters/runs/${run.id}`);
  });

  it("shows the run under way beside the list, what bounced first", () => {
    const html = screen({ run: { runId: sampleReceipt().id, state: { kind: "receipt", receipt: sampleReceipt(), stale: null }, nowMs: NOW, onOpenDeath: ignore, onRetry: ignore, onClose: ignore } });
    expect(html).toContain("Refused by the table");
    const receipt = html.slice(html.indexOf('aria-label="Redrive receipt"'));
    expect(receipt.indexOf("activity-2")).toBeLessThan(receipt.indexOf("activity-1"));
  });
});

describe("the detail of a death", () => {
  it("hides the body until it is asked for, and shows how it is made", () => {
    const html = draw(<DeathDetail {...actions} detail={deadLetterDetail(1)} />);
    for (const text of ["Body hidden.", "56 bytes.", "written to the audit log", "Body without its values", "(string)", "Reveal"]) expect(html).toContain(text);
    expect(html).toContain("TimeoutError: first try");
    expect(html).toContain("Redrive this one");
  });

  it("shows every state of a reveal", () => {
    const body = (state: BodyState, over: Partial<BodyViewProps> = {}) => draw(<BodyView detail={deadLetterDetail(1)} state={state} onReveal={ignore} {...over} />);
    expect(body({ kind: "revealing" })).toContain("data-loading");
    expect(body({ kind: "failed", message: "The audit log cannot be written" })).toMatch(/Body hidden.*role="alert".*The audit log cannot be written/s);
    expect(body({ kind: "revealed", body: '{"secret":"ann@example.com"}' })).toMatch(/aria-label="Revealed body".*ann@example.com/s);
    const activity = { id: "a", userId: "u", type: "t", occurredAt: "2026-01-31T12:00:00.000Z", properties: '{"plan":"gold"}' };
    expect(body({ kind: "revealed", body: JSON.stringify({ v: 1, acceptedAt: "2026-01-31T12:00:00.000Z", activity }) })).toContain('aria-label="Properties"');
    expect(body({ kind: "masked" }, { onReveal: null })).not.toMatch(/<button[^>]*>(?:(?!<\/button>).)*Reveal/s);
    expect(body({ kind: "masked" }, { detail: { maskedBody: null, bodyBytes: 7 } })).toMatch(/7 bytes.*no JSON/);
  });

  it("offers no redrive of what is resolved", () => {
    expect(draw(<DeathDetail {...actions} detail={deadLetterDetail(1, { status: "stored" })} />)).not.toContain("Redrive this one");
  });
});

describe("the redrive dialog", () => {
  const form = (over: Partial<Parameters<typeof RedriveForm>[0]>) =>
    draw(<RedriveForm deaths={[deadLetter(1), deadLetter(2, { reason: "malformed" }), deadLetter(3)]} attempt={{ kind: "idle" }} onConfirm={ignore} onDrop={ignore} onClose={ignore} {...over} />);

  it("states the number, what happens, and what will likely bounce", () => {
    const html = form({});
    for (const text of ["3 dead letters", "of 3 users", "back of its user", "1 of 3 died of", "Unreadable body", "Redrive 3"]) expect(html).toContain(text);
  });

  it("names what cannot go and offers to leave it out", () => {
    const html = form({ attempt: { kind: "refused", refused: [{ deathId: deadLetter(2).id, why: "under_way", runId: deadLetter(9).id }] } });
    expect(html).toContain("Nothing was redriven: 1 of 3 cannot go.");
    expect(html).toContain("already under way in another run");
    expect(html).toContain("Leave it out");
  });

  it("says that a repeat is the same run when no answer came", () => {
    expect(form({ attempt: { kind: "failed", message: "No answer." } })).toContain("it stays the same run");
  });
});

describe("the page of a run", () => {
  it("links what bounced to its new death", () => {
    const html = draw(<RunScreen state={{ kind: "receipt", receipt: sampleReceipt(), stale: null }} nowMs={NOW} onRetry={ignore} />);
    expect(html).toContain(`death=${sampleReceipt().items[1]?.bouncedDeathId ?? ""}`);
    expect(html).toContain("Running");
  });
});
