import type { Metadata } from "next";
import { Suspense } from "react";
import { requireRole } from "#lib/auth/require-role.ts";
import { DeadLettersContainer } from "#components/dead-letters/dead-letters-container.tsx";

export const metadata: Metadata = { title: "Dead letters" };

export default async function DeadLettersPage() {
  await requireRole("dead_letters:read", "/dead-letters");
  return (
    <Suspense>
      <DeadLettersContainer />
    </Suspense>
  );
}
