import "@fontsource-variable/inter";
import "@fontsource-variable/jetbrains-mono";
import "@mantine/core/styles.css";
import "./globals.css";
import { ColorSchemeScript, mantineHtmlProps } from "@mantine/core";
import type { Metadata, Viewport } from "next";
import { headers } from "next/headers";
import type { ReactNode } from "react";
import { Providers } from "#app/providers.tsx";
import { backend } from "#app/server/context.ts";
import { permissionsOf } from "#lib/auth/permissions.ts";
import { pageSession } from "#lib/auth/require-role.ts";
import { authServer } from "#lib/auth/server.ts";
import type { Session } from "#lib/auth/session.ts";
import { AccountProvider } from "#lib/client/account.tsx";
import type { Account } from "#lib/contracts/people.ts";
import { AppShell } from "#components/shell/app-shell.tsx";
import { NONCE_HEADER } from "#lib/http/security-headers.ts";

export const metadata: Metadata = {
  title: { default: "Overview · Spillway", template: "%s · Spillway" },
  description: "Backlog, drain rate and dead letters of one activity queue.",
  robots: { index: false, follow: false },
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#ffffff" },
    { media: "(prefers-color-scheme: dark)", color: "#0a0c0e" },
  ],
};

/** What a page may know of its reader. */
async function accountOf(session: Session | null): Promise<Account | null> {
  if (session === null) return null;
  const { actor, demo } = session;
  const hasPassword = !demo && (await authServer().people.hasPassword(actor.id));
  return { id: actor.id, name: actor.name, email: actor.email, role: actor.role, demo, hasPassword, may: permissionsOf(actor.role) };
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  // Reading the request also keeps every page out of the build: nonce and environment are the running server's.
  const nonce = (await headers()).get(NONCE_HEADER);
  const account = await accountOf(await pageSession());
  return (
    <html lang="en" {...mantineHtmlProps}>
      <head>
        <ColorSchemeScript defaultColorScheme="auto" {...(nonce !== null && { nonce })} suppressHydrationWarning />
      </head>
      <body>
        <Providers nonce={nonce}>
          <AccountProvider account={account}>
            <AppShell queue={backend().queue} account={account}>
              {children}
            </AppShell>
          </AccountProvider>
        </Providers>
      </body>
    </html>
  );
}
