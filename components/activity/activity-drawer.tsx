import { Drawer, Stack, Title } from "@mantine/core";
import { type Fact, Facts } from "#components/ui/facts.tsx";
import { Instant } from "#components/ui/instant.tsx";
import { TextBlock } from "#components/ui/text-block.tsx";
import type { StoredActivity } from "#lib/contracts/activity.ts";
import { duration } from "#lib/view/instants.ts";
import { visibleText } from "#lib/view/json-text.ts";

/** Time between two instants; clocks of producer, API and worker differ, so it may be negative. */
function between(from: string, to: string): string {
  return duration(Date.parse(to) - Date.parse(from));
}

function activityFacts(activity: StoredActivity, nowMs: number | null): Fact[] {
  return [
    { name: "Activity id", value: <span className="mono">{activity.id}</span>, copy: activity.id },
    { name: "User id", value: visibleText(activity.userId), copy: activity.userId },
    { name: "Type", value: activity.type },
    { name: "Occurred", value: <Instant at={activity.occurredAt} nowMs={nowMs} as="exact" />, copy: activity.occurredAt },
    ...(activity.sessionId === undefined ? [{ name: "Session", value: null }] : [{ name: "Session", value: visibleText(activity.sessionId), copy: activity.sessionId }]),
    { name: "Source", value: activity.source === undefined ? null : visibleText(activity.source) },
  ];
}

function deliveryFacts(activity: StoredActivity, nowMs: number | null): Fact[] {
  return [
    { name: "Accepted", value: <Instant at={activity.acceptedAt} nowMs={nowMs} as="exact" />, copy: activity.acceptedAt },
    { name: "Stored", value: <Instant at={activity.storedAt} nowMs={nowMs} as="exact" />, copy: activity.storedAt },
    { name: "Waited", value: `${between(activity.acceptedAt, activity.storedAt)} from accepted to stored` },
    { name: "Reported after", value: `${between(activity.occurredAt, activity.acceptedAt)} from occurred to accepted` },
    ...(activity.sequence === undefined
      ? [{ name: "Sequence", value: null }]
      : [{ name: "Sequence", value: <span className="mono">{activity.sequence}</span>, copy: activity.sequence }]),
    {
      name: "Kept until",
      value: activity.expiresAt === undefined ? "kept without end" : <Instant at={new Date(activity.expiresAt * 1_000).toISOString()} nowMs={nowMs} as="time" />,
    },
  ];
}

/** What the drawer holds. */
export function ActivityDetail({ activity, nowMs }: { activity: StoredActivity; nowMs: number | null }) {
  return (
    <Stack gap="lg">
      <Facts facts={activityFacts(activity, nowMs)} />
      {activity.properties === undefined ? <p>No properties were sent.</p> : <TextBlock label="Properties" text={activity.properties} />}
      <section aria-labelledby="delivery">
        <Title order={3} size="h5" id="delivery" mb={4}>
          Delivery
        </Title>
        <Facts facts={deliveryFacts(activity, nowMs)} />
      </section>
    </Stack>
  );
}

export interface ActivityDrawerProps {
  activity: StoredActivity | null;
  nowMs: number | null;
  onClose: () => void;
}

/** Everything known of one activity. */
export function ActivityDrawer({ activity, nowMs, onClose }: ActivityDrawerProps) {
  return (
    <Drawer opened={activity !== null} onClose={onClose} position="right" size="lg" title="Activity" closeButtonProps={{ "aria-label": "Close" }}>
      {activity && <ActivityDetail activity={activity} nowMs={nowMs} />}
    </Drawer>
  );
}
