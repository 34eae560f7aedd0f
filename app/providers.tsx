"use client";

import { MantineProvider } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { theme } from "#components/ui/theme.ts";
import { QueryProvider } from "#lib/client/query-client.tsx";

declare global {
  /** Where the libraries that write style elements by themselves (the scroll lock of dialogs) look for the nonce. */
  var __webpack_nonce__: string | undefined;
}

/**
 * Keeps the nonce that the document came with: a refresh draws the layout anew with one that this document does not
 * allow.
 */
function useDocumentNonce(nonce: string | null): string {
  const [kept] = useState(() => {
    if (typeof document !== "undefined" && nonce !== null) globalThis.__webpack_nonce__ = nonce;
    return nonce ?? "";
  });
  return kept;
}

/** What every page stands in: theme and query cache. @param nonce allows the theme's style elements. */
export function Providers({ nonce, children }: { nonce: string | null; children: ReactNode }) {
  const kept = useDocumentNonce(nonce);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => kept}>
      <QueryProvider>{children}</QueryProvider>
    </MantineProvider>
  );
}
