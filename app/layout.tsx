import "@fontsource-variable/inter";
import "@fontsource-variable/jetbrains-mono";
import "@mantine/core/styles.css";
import "./globals.css";
import { ColorSchemeScript, mantineHtmlProps } from "@mantine/core";
import type { Metadata, Viewport } from "next";
import { connection } from "next/server";
import type { ReactNode } from "react";
import { Providers } from "#app/providers.tsx";
import { backend } from "#app/server/context.ts";
import { AppShell } from "#components/shell/app-shell.tsx";

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
  // The environment belongs to the running server, not to the build.
  await connection();
  return (
    <html lang="en" {...mantineHtmlProps}>
      <head>
        <ColorSchemeScript defaultColorScheme="auto" />
      </head>
      <body>
        <Providers>
          <AppShell queue={backend().queue}>{children}</AppShell>
        </Providers>
      </body>
    </html>
  );
}
