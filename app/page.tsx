import { readHistory, readOverview } from "#app/server/overview.ts";
import { OverviewContainer } from "#components/overview/overview-container.tsx";
import { DEFAULT_HISTORY_RANGE, historyRangeSchema } from "#lib/contracts/overview.ts";

interface OverviewPageProps {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

/** The state of the queue, the dial and the workers. */
export default async function OverviewPage({ searchParams }: OverviewPageProps) {
  const range = historyRangeSchema.catch(DEFAULT_HISTORY_RANGE).parse((await searchParams).range);
  const [initial, initialHistory] = await Promise.all([readOverview(), readHistory(range)]);
  return <OverviewContainer initial={initial} initialHistory={initialHistory} initialRange={range} />;
}
