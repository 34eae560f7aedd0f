"use client";

import { MantineProvider } from "@mantine/core";
import type { ReactNode } from "react";
import { theme } from "#components/ui/theme.ts";
import { QueryProvider } from "#lib/client/query-client.tsx";

/** What every page stands in: theme and query cache. */
export function Providers({ children }: { children: ReactNode }) {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryProvider>{children}</QueryProvider>
    </MantineProvider>
  );
}
