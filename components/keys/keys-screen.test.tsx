import { MantineProvider } from "@mantine/core";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { ApiKey } from "#lib/contracts/api-keys.ts";
import { CreateKeyForm } from "./create-key-dialog.tsx";
import { KeysScreen, type KeysScreenProps } from "./keys-screen.tsx";
import { keyListState } from "./list-state.ts";
import { NewKey } from "./new-key-dialog.tsx";
import { RevokeKey } from "./revoke-key-dialog.tsx";
import { RotateKeyForm } from "./rotate-key-dialog.tsx";
import { apiKey } from "./samples.ts";
import { stateWords } from "./words.ts";

const NOW = Date.parse("2026-01-31T12:00:00.000Z");
const ignore = () => undefined;
const idle = { kind: "idle" } as const;
const draw = (node: ReactNode) => renderToStaticMarkup(<MantineProvider>{node}</MantineProvider>);

const props: KeysScreenProps = {
  keys: { kind: "loading" },
  nowMs: NOW,
  onCreate: ignore,
  onRotate: ignore,
  onRevoke: ignore,
  onRetry: ignore,
  dialogs: {
    create: { opened: false, attempt: idle, onConfirm: ignore, onClose: ignore },
    rotate: { apiKey: null, attempt: idle, onConfirm: ignore, onClose: ignore },
    revoke: { apiKey: null, attempt: idle, onConfirm: ignore, onClose: ignore },
    made: { made: null, onDone: ignore },
  },
};
const screen = (over: Partial<KeysScreenProps>) => draw(<KeysScreen {...props} {...over} />);
const list = (items: ApiKey[], moreEnded = false): KeysScreenProps["keys"] => ({ kind: "list", list: { items, moreEnded }, stale: null });

describe("the API keys page", () => {
  it("lists name, id, scopes, state, who made it, expiry and last use", () => {
    const html = screen({ keys: list([apiKey(1, { scopes: ["ingest", "read"], expiresAt: "2026-05-01T12:00:00.000Z", lastUsedAt: "2026-01-31T11:59:00.000Z" })]) });
    for (const text of ["shop 1", "Key000000001", "ingest, read", "Live", "by ", "Ada", "in 90 d", "1 min ago", "Rotate", "Revoke"]) expect(html).toContain(text);
  });

  it("sets ended keys apart, without acts, and says who ended them and what it leaves out", () => {
    const revoked = apiKey(2, { state: "revoked", revokedAt: "2026-01-31T11:00:00.000Z", revokedBy: "Bob" });
    const html = screen({ keys: list([revoked, apiKey(3, { state: "expired", expiresAt: "2026-01-30T12:00:00.000Z" })], true) });
    for (const text of ["No live keys", 'aria-label="Ended API keys"', "Bob", "its expiry", "1 d ago", "the audit log has all"]) expect(html).toContain(text);
    expect(html).not.toContain(">Rotate<");
  });

  it("says which key is being replaced", () => {
    const [old, next] = [apiKey(1), apiKey(2, { rotatedFrom: apiKey(1).id })];
    expect(screen({ keys: list([next, old]) }).match(/being replaced/g)).toHaveLength(1);
    expect(screen({ keys: list([{ ...next, state: "revoked", revokedAt: next.createdAt, revokedBy: "Ada" }, old]) })).not.toContain("being replaced");
  });

  it("tells waiting, failing and old apart", () => {
    expect(screen({})).toContain('aria-label="Loading API keys"');
    expect(screen({ keys: { kind: "failed", message: "The database is away." } })).toContain("The database is away.");
    const old = screen({ keys: { kind: "list", list: { items: [apiKey(1)], moreEnded: false }, stale: { age: "35 s ago", message: "No answer." } } });
    expect(old).toContain("Read 35 s ago");
    expect(old).toContain("shop 1");
  });

  it("shows a name as text, whatever it holds", () => {
    const html = screen({ keys: list([apiKey(1, { name: "<img src=x onerror=alert(1)>\u202Etxet" })]) });
    expect(html).not.toContain("<img");
    expect(html).not.toContain("<strong title=\"<img src=x onerror=alert(1)>\u202Etxet\">\u202E");
  });
});

describe("the dialogs", () => {
  it("say what a new key needs, and what went wrong", () => {
    const html = draw(<CreateKeyForm attempt={{ kind: "failed", message: "Two live keys have this name." }} onConfirm={ignore} onClose={ignore} />);
    for (const text of ["Name", "Send activities.", "In a year", "Never", "Two live keys have this name.", "Create key"]) expect(html).toContain(text);
  });

  it("show a new key once, whole, and say so", () => {
    const key = `sw_live_Key000000001_${"a".repeat(43)}`;
    const html = draw(<NewKey made={{ key, apiKey: apiKey(1) }} onDone={ignore} />);
    expect(html).toContain(key);
    expect(html).toContain("it is shown this once");
  });

  it("tell how a rotation goes", () => {
    const html = draw(<RotateKeyForm apiKey={apiKey(1, { expiresAt: "2026-04-01T12:00:00.000Z" })} attempt={idle} onConfirm={ignore} onClose={ignore} />);
    for (const text of ["shop 1", "Key000000001", "Both open", "expires in 90 d", "After 7 days", "When I revoke it"]) expect(html).toContain(text);
  });

  it("warn before a key that is in use is revoked", () => {
    const revoke = (lastUsedAt: string | null) => draw(<RevokeKey apiKey={apiKey(1, { lastUsedAt })} nowMs={NOW} attempt={idle} onConfirm={ignore} onClose={ignore} />);
    expect(revoke("2026-01-31T11:58:00.000Z")).toContain("a producer still sends with it");
    expect(revoke("2026-01-29T11:58:00.000Z")).not.toContain("a producer still sends with it");
    expect(revoke(null)).toContain("This cannot be undone.");
  });
});

describe("states", () => {
  it.each([
    [apiKey(1), "Live"],
    [apiKey(1, { expiresAt: "2026-02-15T12:00:00.001Z" }), "Live"],
    [apiKey(1, { expiresAt: "2026-02-14T12:00:00.000Z" }), "Expires soon"],
    [apiKey(1, { expiresAt: "2026-01-31T12:00:00.000Z" }), "Expired"],
    [apiKey(1, { state: "expired", expiresAt: "2026-02-01T12:00:00.000Z" }), "Expired"],
    [apiKey(1, { state: "revoked", expiresAt: "2026-01-01T12:00:00.000Z" }), "Revoked"],
  ])("%#", (key, label) => expect(stateWords(key, NOW).label).toBe(label));

  it("say when the list is old: after a failure, or when no answer has come for long", () => {
    const read = { data: { items: [], moreEnded: false }, error: null, failureReason: null, dataUpdatedAt: NOW };
    expect(keyListState(read, NOW + 10_000)).toMatchObject({ kind: "list", stale: null });
    expect(keyListState(read, NOW + 30_000)).toMatchObject({ stale: { age: "30 s ago" } });
    expect(keyListState({ ...read, error: new Error("away") }, NOW)).toMatchObject({ stale: { message: "away" } });
    expect(keyListState({ ...read, data: undefined }, NOW)).toEqual({ kind: "loading" });
    expect(keyListState({ ...read, data: undefined, failureReason: new Error("away") }, NOW)).toEqual({ kind: "failed", message: "away" });
  });
});
