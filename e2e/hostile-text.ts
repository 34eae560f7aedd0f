/** Markup that runs as soon as it is taken for markup, in a text, an attribute, a script, a style or a link. */
export const MARKUP = `"><img src=x onerror="globalThis.ran=1"><svg onload=globalThis.ran=1></svg><script>globalThis.ran=1</script><iframe srcdoc="<script>parent.ran=1</script>"></iframe>'-globalThis.ran=1-'\u2028</style></script>javascript:globalThis.ran=1`;

interface Schema {
  safeParse(value: unknown): { success: boolean };
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

function stringsOf(value: Json, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value === "string") return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => stringsOf(inner, [...path, Array.isArray(value) ? Number(key) : key]));
}

function replaced(value: Json, path: readonly (string | number)[], text: string): Json {
  const [key, ...rest] = path;
  if (key === undefined) return text;
  if (Array.isArray(value)) return value.map((inner, index) => (index === key ? replaced(inner, rest, text) : inner));
  return { ...(value as { [key: string]: Json }), [key]: replaced((value as { [key: string]: Json })[key] ?? null, rest, text) };
}

/**
 * An answer with hostile text in every field that its contract leaves open to any text.
 * @returns also how many fields those are.
 */
export function withHostileText(answer: unknown, schema: Schema, text: string = MARKUP): { answer: unknown; fields: number } {
  let fields = 0;
  let current = answer as Json;
  for (const path of stringsOf(current)) {
    const next = replaced(current, path, text);
    if (!schema.safeParse(next).success) continue;
    current = next;
    fields += 1;
  }
  return { answer: current, fields };
}
