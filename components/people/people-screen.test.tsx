import { MantineProvider } from "@mantine/core";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import type { Person } from "#lib/contracts/people.ts";
import { NewLink } from "./link-dialog.tsx";
import { listState } from "./list-state.ts";
import { PeopleScreen, type PeopleScreenProps } from "./people-screen.tsx";
import { PersonDetail } from "./person-drawer.tsx";
import { stateWords, waysIn } from "./words.ts";

const NOW = Date.parse("2026-01-31T12:00:00.000Z");
const ignore = () => undefined;
const draw = (node: ReactNode) => renderToStaticMarkup(<MantineProvider>{node}</MantineProvider>);

const ada: Person = {
  id: "00000000-0000-4000-8000-000000000001",
  email: "ada@example.com",
  name: "Ada",
  role: "admin",
  demo: false,
  state: "active",
  hasPassword: true,
  singleSignOn: false,
  createdAt: "2026-01-01T12:00:00.000Z",
  createdBy: "user:create",
  lastSignInAt: "2026-01-31T11:58:00.000Z",
  disabledAt: null,
  sessions: 2,
  linkExpiresAt: null,
};
const zoe: Person = { ...ada, id: "00000000-0000-4000-8000-000000000002", email: "zoe@example.com", name: "Zoë", role: "support", state: "invited", hasPassword: false, lastSignInAt: null, sessions: 0, linkExpiresAt: "2026-02-01T12:00:00.000Z" };

const acts = { onRole: ignore, onDisabled: ignore, onLink: ignore, onEnd: ignore };
const drawer = { ...acts, person: null, self: false, sessions: { kind: "loading" as const }, attempt: { kind: "idle" as const }, nowMs: NOW, onClose: ignore };
const props: PeopleScreenProps = {
  people: { kind: "list", items: [ada, zoe], stale: null },
  self: ada.id,
  nowMs: NOW,
  onInvite: ignore,
  onOpen: ignore,
  onRetry: ignore,
  drawer,
  invite: { opened: false, attempt: { kind: "idle" }, onConfirm: ignore, onClose: ignore },
  link: { made: null, onDone: ignore },
};

describe("the people page", () => {
  it("lists everybody with role and state, and says which one reads it", () => {
    const html = draw(<PeopleScreen {...props} />);
    expect(html).toContain('aria-label="People"');
    expect(html).toMatch(/Ada<span[^>]*> \(you\)/);
    for (const text of ["zoe@example.com", "Support", "Invited", "2 min ago", "never"]) expect(html).toContain(text);
  });

  it.each([
    ["loading", { kind: "loading" }, "Loading people"],
    ["failed", { kind: "failed", message: "away" }, "The people could not be read"],
    ["old", { kind: "list", items: [ada], stale: { age: "40 s ago", message: "away" } }, "Old figures."],
  ] as const)("says so when the list is %s", (_, people, words) => {
    expect(draw(<PeopleScreen {...props} people={people} />)).toContain(words);
  });
});

describe("a person", () => {
  const detail = (person: Person, over: object = {}) => draw(<PersonDetail {...drawer} {...over} person={person} />);

  it("is changed by others, and not by themselves", () => {
    expect(detail(zoe)).toMatch(/Change role.*New invitation link.*Disable/s);
    expect(detail(ada)).toContain("New password link");
    const own = detail(ada, { self: true });
    expect(own).toContain("This is you");
    expect(own).not.toMatch(/Change role|Disable</);
  });

  it("stays as it is when it is a demo person", () => {
    expect(detail({ ...ada, demo: true })).not.toMatch(/Change role|Disable<|New password link/);
  });

  it("who is disabled can be let in again, and is given no link", () => {
    const html = detail({ ...zoe, state: "disabled", disabledAt: "2026-01-30T12:00:00.000Z" });
    expect(html).toContain("Let in again");
    expect(html).not.toContain("link</");
  });

  it("shows where they are signed in, hostile browsers' names as text", () => {
    const session = { id: "00000000-0000-4000-8000-000000000009", createdAt: ada.createdAt, lastSeenAt: ada.createdAt, endsAt: ada.createdAt, ipAddress: "198.51.100.7", userAgent: "<img src=x onerror=alert(1)>", current: true };
    const html = detail(ada, { sessions: { kind: "list", items: [session], stale: null } });
    expect(html).toContain("this one");
    expect(html).toContain("&lt;img src=x");
    expect(detail(ada, { sessions: { kind: "list", items: [], stale: null } })).toContain("Signed in nowhere");
    expect(detail(ada, { sessions: { kind: "failed", message: "away" } })).toContain("The sessions could not be read");
  });

  it("says what failed", () => {
    expect(detail(zoe, { attempt: { kind: "failed", message: "This is the last admin" } })).toContain("This is the last admin");
  });
});

it("a new link is shown whole, with its end", () => {
  const html = draw(<NewLink made={{ person: zoe, link: "https://spillway.example.com/invitation#token", expiresAt: "2026-02-03T12:00:00.000Z" }} nowMs={NOW} onDone={ignore} />);
  expect(html).toContain("https://spillway.example.com/invitation#token");
  expect(html).toContain("It is shown this once");
});

it("words: states and ways in", () => {
  expect(stateWords(zoe)).toEqual({ label: "Invited", tone: "warn" });
  expect(stateWords({ ...zoe, linkExpiresAt: null }).label).toBe("Invited, link expired");
  expect(waysIn(zoe)).toBe("none yet");
  expect(waysIn({ ...ada, singleSignOn: true })).toBe("password, single sign-on");
});

describe("a polled list", () => {
  const query = { data: { items: [1] }, error: null, failureReason: null, dataUpdatedAt: NOW };
  it("is old once polls have failed for a while", () => {
    expect(listState(query, NOW)).toEqual({ kind: "list", items: [1], stale: null });
    expect(listState(query, NOW + 30_000)).toMatchObject({ stale: { age: "30 s ago" } });
    expect(listState({ ...query, data: undefined }, NOW)).toEqual({ kind: "loading" });
    expect(listState({ ...query, data: undefined, error: new Error("away") }, NOW)).toEqual({ kind: "failed", message: "away" });
  });
});
