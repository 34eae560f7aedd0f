import { MantineProvider } from "@mantine/core";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { LinkScreen } from "./link-screen.tsx";
import { SignInScreen, type SignInScreenProps } from "./sign-in-screen.tsx";
import { problemWords } from "./words.ts";

const ignore = () => undefined;
const draw = (over: Partial<SignInScreenProps> = {}) =>
  renderToStaticMarkup(
    <MantineProvider>
      <SignInScreen offer={{ singleSignOn: null, demoPeople: false }} failure={null} busy={null} disabled={false} onSignIn={ignore} onSingleSignOn={ignore} onDemo={ignore} {...over} />
    </MantineProvider>,
  );

describe("the sign-in page", () => {
  it("asks for e-mail and password, in words that a password manager knows", () => {
    const html = draw();
    expect(html).toContain('autoComplete="username"');
    expect(html).toContain('autoComplete="current-password"');
    expect(html).not.toMatch(/Demo people|or by password/);
  });

  it("offers what there is: single sign-on by its name, demo people by their role", () => {
    const html = draw({ offer: { singleSignOn: "Example Login", demoPeople: true } });
    expect(html).toContain("Sign in with Example Login");
    for (const role of ["support", "operator", "admin"]) expect(html).toContain(`Continue as ${role}`);
  });

  it("takes nothing before it is alive: a form sent by the browser itself would be lost", () => {
    expect(draw({ disabled: true }).match(/<(input|button)[^>]*disabled=""/g)?.length).toBeGreaterThanOrEqual(3);
    expect(draw()).toContain('method="post"');
  });

  it("says why it did not work out, as an alert", () => {
    expect(draw({ failure: problemWords("not_invited") })).toMatch(/role="alert"[^>]*>You are known there, but nobody has invited you here/);
    expect(problemWords("<script>")).toBe("The single sign-on did not work out. Try again.");
  });
});

describe("the page of a link", () => {
  const link = (state: "waiting" | "cut_off" | "there", failure: string | null = null) =>
    renderToStaticMarkup(
      <MantineProvider>
        <LinkScreen link={state} failure={failure} busy={false} onSet={ignore} />
      </MantineProvider>,
    );

  it("asks for a name and a new password", () => {
    expect(link("there")).toContain('autoComplete="new-password"');
    expect(link("there", "It was used")).toMatch(/role="alert"[^>]*>It was used/);
  });

  it("says so where the address was cut off, and takes nothing then", () => {
    expect(link("cut_off")).toContain("This link is not whole");
    expect(link("cut_off")).not.toContain("<input");
  });
});
