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

export default async function RootLayout({ children }: { children: ReactNode }) {
  // Reading the request also keeps every page out of the build: nonce and environment are the running server's.
  const nonce = (await headers()).get(NONCE_HEADER);
  return (
    <html lang="en" {...mantineHtmlProps}>
      <head>
        <ColorSchemeScript defaultColorScheme="auto" {...(nonce !== null && { nonce })} suppressHydrationWarning />
      </head>
      <body>
        <Providers nonce={nonce}>
          <AppShell queue={backend().queue}>{children}</AppShell>
        </Providers>
      </body>
    </html>
  );
}
