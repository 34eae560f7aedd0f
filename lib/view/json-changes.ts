/** One field that is not the same before and after. */
export interface JsonChange {
  name: string;
  /** As text; null = not there. */
  from: string | null;
  to: string | null;
}

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function asText(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value.join(", ") : JSON.stringify(value);
}

/** Objects inside of objects are opened, so that only what differs in them is told: `override.until`. */
function addFields(fields: Map<string, string>, value: unknown, name: string): Map<string, string> {
  if (isPlain(value) && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) addFields(fields, inner, name === "" ? key : `${name}.${key}`);
  } else if (name !== "" || !isPlain(value)) fields.set(name, asText(value));
  return fields;
}

function fieldsOf(text: string | null): Map<string, string> {
  if (text === null) return new Map();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = text;
  }
  return addFields(new Map(), value, "");
}

/** The fields of two JSON objects, given as text, that differ. A text that is no object counts as one field without a name. */
export function jsonChanges(before: string | null, after: string | null): JsonChange[] {
  const [old, young] = [fieldsOf(before), fieldsOf(after)];
  return [...new Set([...old.keys(), ...young.keys()])]
    .map((name) => ({ name, from: old.get(name) ?? null, to: young.get(name) ?? null }))
    .filter(({ from, to }) => from !== to);
}
