import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { RunContainer } from "#components/dead-letters/run-container.tsx";
import { idParamsSchema } from "#app/dead-letters/params.ts";

export const metadata: Metadata = { title: "Redrive run" };

export default async function RunPage({ params }: { params: Promise<{ id: string }> }) {
  const parsed = idParamsSchema.safeParse(await params);
  if (!parsed.success) notFound();
  return <RunContainer runId={parsed.data.id} />;
}
