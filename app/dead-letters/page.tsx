import type { Metadata } from "next";
import { Suspense } from "react";
import { DeadLettersContainer } from "#components/dead-letters/dead-letters-container.tsx";

export const metadata: Metadata = { title: "Dead letters" };

export default function DeadLettersPage() {
  return (
    <Suspense>
      <DeadLettersContainer />
    </Suspense>
  );
}
