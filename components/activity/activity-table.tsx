import { Instant } from "#components/ui/instant.tsx";
import { OpenDetails } from "#components/ui/open-details.tsx";
import { type RecordColumn, RecordTable } from "#components/ui/record-table.tsx";
import type { StoredActivity } from "#lib/contracts/activity.ts";
import { jsonFields, visibleText } from "#lib/view/json-text.ts";
import classes from "./activity.module.css";

/** Fields of the properties named in a row; the rest is in the details. */
const SUMMARY_FIELDS = 6;

/** Properties in one line: `path /a · status 200`. */
function Summary({ properties }: { properties: string | undefined }) {
  const fields = properties === undefined ? [] : jsonFields(properties);
  if (fields.length === 0) return <span className={classes.none}>–</span>;
  return (
    <span title={fields.map(({ name, value }) => `${name}: ${value}`).join("\n").slice(0, 1_000)}>
      {fields.slice(0, SUMMARY_FIELDS).map(({ name, value }) => (
        <span key={name} className={classes.field}>
          <span className={classes.fieldName}>{name}</span> {value.slice(0, 120)}
        </span>
      ))}
      {fields.length > SUMMARY_FIELDS && <span className={classes.fieldName}>+{fields.length - SUMMARY_FIELDS}</span>}
    </span>
  );
}

export interface ActivityTableProps {
  items: readonly StoredActivity[];
  nowMs: number | null;
  onOpen: (activity: StoredActivity) => void;
}

const COLUMNS = [
  { key: "id", header: "Activity", width: "21%", bare: true },
  { key: "time", header: "Occurred", width: "13.5rem" },
  { key: "type", header: "Type", width: "14%" },
  { key: "source", header: "Source", width: "11%" },
  { key: "properties", header: "Properties" },
] as const satisfies readonly RecordColumn<string>[];

/** One user's activities, in the order given. */
export function ActivityTable({ items, nowMs, onOpen }: ActivityTableProps) {
  const rows = items.map((activity) => ({
    key: `${activity.occurredAt}#${activity.id}`,
    cells: {
      id: (
        <OpenDetails mono label={`Details of ${activity.id}`} title={activity.id} onClick={() => onOpen(activity)}>
          {activity.id}
        </OpenDetails>
      ),
      time: <Instant at={activity.occurredAt} nowMs={nowMs} as="exact" />,
      type: <span title={activity.type}>{activity.type}</span>,
      source: activity.source === undefined ? <span className={classes.none}>–</span> : <span title={activity.source}>{visibleText(activity.source)}</span>,
      properties: <Summary properties={activity.properties} />,
    },
  }));
  return <RecordTable label="Activities" columns={COLUMNS} rows={rows} />;
}
