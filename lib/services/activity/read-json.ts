import type { StoredActivity } from "#lib/contracts/activity.ts";

/** Members of an object as JSON text; those that are absent are left out. */
function members(values: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(values)
    .flatMap(([name, json]) => (json === undefined ? [] : [`${JSON.stringify(name)}:${json}`]))
    .join(",");
}

const text = (value: string | undefined) => (value === undefined ? undefined : JSON.stringify(value));

/** The parser's own error quotes the text, which is nobody's business in a log. */
function isObjectText(json: string): boolean {
  try {
    const parsed: unknown = JSON.parse(json);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
  } catch {
    return false;
  }
}

/**
 * A stored activity as JSON text. Its properties are the very text that was sent, put in as they are: parsing them would
 * change numbers that JavaScript cannot hold.
 * @throws SyntaxError when what is stored as properties is not the text of an object: put in, it could say anything.
 */
export function activityJson(activity: StoredActivity): string {
  const { properties, expiresAt } = activity;
  if (properties !== undefined && !isObjectText(properties)) throw new SyntaxError("the stored properties are no JSON object");
  const delivery = members({
    acceptedAt: text(activity.acceptedAt),
    storedAt: text(activity.storedAt),
    sequence: text(activity.sequence),
    expiresAt: expiresAt === undefined ? undefined : text(new Date(expiresAt * 1000).toISOString()),
  });
  return `{${members({
    id: text(activity.id),
    userId: text(activity.userId),
    type: text(activity.type),
    occurredAt: text(activity.occurredAt),
    sessionId: text(activity.sessionId),
    source: text(activity.source),
    properties,
    delivery: `{${delivery}}`,
  })}}`;
}

/** The answer's body: one page. */
export function activitiesJson({ activities, nextCursor, asOf }: { activities: readonly StoredActivity[]; nextCursor: string | null; asOf: string }): string {
  return `{"activities":[${activities.map(activityJson).join(",")}],"nextCursor":${JSON.stringify(nextCursor)},"asOf":${JSON.stringify(asOf)}}`;
}
