"use client";

import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import type { ReactNode } from "react";
import { theme } from "#components/ui/theme.ts";
import { QueryProvider } from "#lib/client/query-client.tsx";

/** What every page stands in: theme, notifications, query cache. */
export function Providers({ children }: { children: ReactNode }) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Notifications position="bottom-right" autoClose={5_000} limit={3} />
      <QueryProvider>{children}</QueryProvider>
    </MantineProvider>
  );
}
