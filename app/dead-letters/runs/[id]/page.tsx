import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { requireRole } from "#lib/auth/require-role.ts";
import { RunContainer } from "#components/dead-letters/run-container.tsx";
import { idParamsSchema } from "#app/dead-letters/params.ts";

export const metadata: Metadata = { title: "Redrive run" };

export default async function RunPage({ params }: { params: Promise<{ id: string }> }) {
  await requireRole("dead_letters:read", `/dead-letters/runs/${encodeURIComponent((await params).id)}`);
  const parsed = idParamsSchema.safeParse(await params);
  if (!parsed.success) notFound();
  return <RunContainer runId={parsed.data.id} />;
}
