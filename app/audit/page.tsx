import type { Metadata } from "next";
import { Suspense } from "react";
import { AuditContainer } from "#components/audit/audit-container.tsx";
import { requireRole } from "#lib/auth/require-role.ts";

export const metadata: Metadata = { title: "Audit log" };

/** Who did what, when and why. */
export default async function AuditPage() {
  await requireRole("audit:read", "/audit");
  return (
    <Suspense>
      <AuditContainer />
    </Suspense>
  );
}
