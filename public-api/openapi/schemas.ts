import { z } from "zod";
import { activityReadAnswerSchema, readActivitySchema } from "#lib/contracts/activity-read.ts";
import { activityInputSchema } from "#lib/contracts/activity.ts";
import { ingestProblemSchema, ingestResponseSchema, verdictSchema } from "#lib/contracts/ingest.ts";
import type { JsonSchema } from "./model.ts";

const COMPONENTS = {
  Activity: activityInputSchema,
  Verdict: verdictSchema,
  Verdicts: ingestResponseSchema,
  Problem: ingestProblemSchema,
  StoredActivity: readActivitySchema,
  ActivityPage: activityReadAnswerSchema,
} as const;
export type ComponentName = keyof typeof COMPONENTS;

const SAFE = Number.MAX_SAFE_INTEGER;

/** Bounds of what a double can count say nothing about a value here. */
function withoutSafeBounds({ jsonSchema }: { jsonSchema: { minimum?: number; maximum?: number } }): void {
  if (jsonSchema.minimum === -SAFE) delete jsonSchema.minimum;
  if (jsonSchema.maximum === SAFE) delete jsonSchema.maximum;
}

export const refTo = (name: ComponentName): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** One contract as a JSON Schema of 2020-12, the dialect of OpenAPI 3.1. Objects are open where the contract lets them be. */
export function schemaOf(contract: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(contract, { io: "input", override: withoutSafeBounds });
  return schema;
}

/** The contracts that more than one place names. */
export function componentSchemas(): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, contract] of Object.entries(COMPONENTS)) registry.add(contract, { id });
  const { schemas } = z.toJSONSchema(registry, { io: "input", uri: (id) => `#/components/schemas/${id}`, override: withoutSafeBounds });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $schema: _dialect, $id: _id, ...schema }]) => [name, schema]),
  );
}
