"use client";

import { Button } from "@mantine/core";
import { DeadEnd } from "#components/ui/dead-end.tsx";

/** What Next gives an error of the server to be found by in its log. */
function digestOf(error: unknown): string | null {
  return typeof error === "object" && error !== null && "digest" in error && typeof error.digest === "string" ? error.digest : null;
}

/** A page that failed while it was drawn. Draining does not depend on it. */
export default function PageError({ error, retry }: { error: unknown; retry: () => void }) {
  const digest = digestOf(error);
  return (
    <DeadEnd title="This page could not be shown" actions={<Button onClick={() => retry()}>Try again</Button>}>
      <p>The fault is in the dashboard or its server. Accepting and draining go on without it.</p>
      {digest !== null && (
        <p>
          Its server&apos;s log has more under <code className="mono">{digest}</code>.
        </p>
      )}
    </DeadEnd>
  );
}
