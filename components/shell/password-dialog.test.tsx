import { MantineProvider } from "@mantine/core";
import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { type PasswordAttempt, PasswordForm } from "./password-dialog.tsx";

const ignore = () => undefined;
const draw = (node: ReactNode) => renderToStaticMarkup(<MantineProvider>{node}</MantineProvider>);
const form = (attempt: PasswordAttempt) => draw(<PasswordForm email="ada@example.com" attempt={attempt} onConfirm={ignore} onClose={ignore} />);

describe("the dialog of one's own password", () => {
  it("tells the browser's store of passwords whose it is, which is the old one and which the new", () => {
    const html = form({ kind: "idle" });
    for (const part of ['autoComplete="username"', 'value="ada@example.com"', 'autoComplete="current-password"', 'autoComplete="new-password"', "At least 15 characters", "signed out everywhere else"]) expect(html).toContain(part);
    expect(html).not.toContain('role="alert"');
  });

  it("shows every state", () => {
    expect(form({ kind: "sending" })).toContain("data-loading");
    expect(form({ kind: "failed", message: "Try again in 2 seconds." })).toMatch(/role="alert".*Try again in 2 seconds\./s);
    expect(form({ kind: "changed", sessionsEnded: 0 })).toContain("You were signed in nowhere else.");
    expect(form({ kind: "changed", sessionsEnded: 1 })).toContain("You were signed out of 1 other session.");
    expect(form({ kind: "changed", sessionsEnded: 2 })).toContain("2 other sessions.");
    expect(form({ kind: "changed", sessionsEnded: 2 })).not.toContain("Current password");
  });
});
