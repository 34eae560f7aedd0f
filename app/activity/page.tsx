import type { Metadata } from "next";
import { activitySearchParamsSchema } from "#app/activity/search-params.ts";
import { requireRole } from "#lib/auth/require-role.ts";
import { ActivityContainer } from "#components/activity/activity-container.tsx";

export const metadata: Metadata = { title: "Activity" };

export default async function ActivityPage({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) {
  await requireRole("activity:search", "/activity");
  const { from, to } = activitySearchParamsSchema.parse(await searchParams);
  return <ActivityContainer initial={{ ...(from !== undefined && { from }), ...(to !== undefined && { to }) }} />;
}
