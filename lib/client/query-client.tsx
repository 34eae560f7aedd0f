"use client";

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { ApiError } from "#lib/client/api-error.ts";
import { signInAgain } from "#lib/client/sign-in.ts";

/** Most repeats of a failed read; polls come again by themselves. */
const RETRIES = 2;

/** A client with our defaults: only what may succeed later is tried again. */
export function createQueryClient(): QueryClient {
  // The session ended while the page was open.
  const onError = (error: Error) => {
    if (error instanceof ApiError && error.code === "signed_out") signInAgain();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 1_000,
        retry: (failures, error) => failures < RETRIES && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
        retryDelay: (attempt) => Math.min(1_000 * 2 ** attempt, 5_000),
        refetchOnWindowFocus: true,
        networkMode: "always",
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}

/** Gives the page its query cache. */
export function QueryProvider({ children }: { children: ReactNode }) {
  const [client] = useState(createQueryClient);
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}
