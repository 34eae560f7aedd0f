import { MantineProvider } from "@mantine/core";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { StoredActivity } from "#lib/contracts/activity.ts";
import { ActivityDetail } from "./activity-drawer.tsx";
import { type ActivityResults, ActivityScreen } from "./activity-screen.tsx";
import { rangeWords } from "./range-words.ts";

const NOW = Date.parse("2026-01-31T12:20:00.000Z");
const ignore = () => undefined;
const draw = (node: ReactNode) => renderToStaticMarkup(<MantineProvider>{node}</MantineProvider>);
const activity: StoredActivity = {
  id: "a-1",
  userId: "ann",
  type: "page.view",
  occurredAt: "2026-01-31T12:00:00.000Z",
  properties: '{"path":"/a","bytes":12345678901234567890,"html":"<script>alert(1)</script>"}',
  acceptedAt: "2026-01-31T12:00:00.350Z",
  storedAt: "2026-01-31T12:00:02.350Z",
  sequence: "18870000000000000001",
};
const found: Extract<ActivityResults, { kind: "found" }> = {
  kind: "found",
  items: [activity],
  asOf: "2026-01-31T12:19:59.000Z",
  range: "over all time",
  paddedUser: false,
  more: "end",
};

const form = { fields: { user: "ann", from: "", to: "" }, errors: {}, zone: "UTC", busy: false, disabled: false, onChange: ignore, onPreset: ignore, onSubmit: ignore };
const screen = (results: ActivityResults, over: Partial<typeof form> = {}) =>
  draw(<ActivityScreen form={{ ...form, ...over }} results={results} opened={null} nowMs={NOW} onOpen={ignore} onClose={ignore} onRetry={ignore} onMore={ignore} />);

describe("the activity screen", () => {
  it("explains itself before a search and names the zone", () => {
    const html = screen({ kind: "initial" });
    expect(html).toContain("Look up one user");
    expect(html).toContain("Times in UTC");
  });

  it("tells waiting, failing and none found apart", () => {
    expect(screen({ kind: "loading" })).toContain('aria-label="Searching"');
    expect(screen({ kind: "failed", message: "The table is away." })).toContain("The table is away.");
    const none = screen({ ...found, items: [], paddedUser: true, range: rangeWords({ from: "2026-01-31T12:00:00.000Z" }) });
    expect(none).toMatch(/No activities of this user from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d on/);
    expect(none).toContain("still in the queue");
    expect(none).toContain("starts or ends with a space");
  });

  it("is a named table whose rows sum the properties up, exactly and as text", () => {
    const html = screen(found);
    expect(html).toContain('aria-label="Activities"');
    expect(html).toContain("12345678901234567890");
    expect(html).not.toContain("<script>");
    expect(html).toContain("All 1 over all time");
  });

  it("offers more, says when it is loading, and keeps what it has when the next page fails", () => {
    expect(screen({ ...found, more: "more" })).toContain("Load more");
    expect(screen({ ...found, more: "loading" })).toContain("data-loading");
    const failed = screen({ ...found, more: { failed: "No answer." } });
    expect(failed).toContain("The next page could not be read");
    expect(failed).toContain("a-1");
  });

  it("lets nothing be typed before it is alive", () => {
    expect(screen({ kind: "initial" }, { disabled: true }).match(/<(input|button)[^>]* disabled/g)?.length).toBe(8);
  });
});

describe("the detail of an activity", () => {
  it("says how long it took and keeps numbers exact", () => {
    const html = draw(<ActivityDetail activity={activity} nowMs={NOW} />);
    expect(html).toContain("2.0 s from accepted to stored");
    expect(html).toContain("350 ms from occurred to accepted");
    expect(html).toContain("&quot;bytes&quot;: 12345678901234567890");
    expect(html).toContain("kept without end");
  });
});

describe("rangeWords", () => {
  it("names what is open", () => {
    expect(rangeWords({})).toBe("over all time");
    expect(rangeWords({ to: "2026-01-31T12:00:00.000Z" })).toMatch(/^up to /);
    expect(rangeWords({ from: "2026-01-30T12:00:00.000Z", to: "2026-01-31T12:00:00.000Z" })).toMatch(/^between .* and /);
  });
});
