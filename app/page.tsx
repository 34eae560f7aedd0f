import { Suspense } from "react";
import { readHistory, readOverview } from "#app/server/overview.ts";
import { OverviewContainer } from "#components/overview/overview-container.tsx";
import { OverviewLoading } from "#components/overview/overview-loading.tsx";
import { requireRole } from "#lib/auth/require-role.ts";
import type { Allowed } from "#lib/contracts/actor.ts";
import { DEFAULT_HISTORY_RANGE, type HistoryRange, historyRangeSchema } from "#lib/contracts/overview.ts";

interface OverviewPageProps {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

async function Overview({ by, range }: { by: Allowed<"queue:read">; range: HistoryRange }) {
  const [initial, initialHistory] = await Promise.all([readOverview({ by }), readHistory({ by, range })]);
  return <OverviewContainer initial={initial} initialHistory={initialHistory} initialRange={range} />;
}

/** The state of the queue, the dial and the workers. A source that hangs does not hold the page back. */
export default async function OverviewPage({ searchParams }: OverviewPageProps) {
  const by = await requireRole("queue:read", "/");
  const range = historyRangeSchema.catch(DEFAULT_HISTORY_RANGE).parse((await searchParams).range);
  return (
    <Suspense fallback={<OverviewLoading />}>
      <Overview by={by} range={range} />
    </Suspense>
  );
}
