import { WireError } from "#lib/local/wire/wire-error.ts";
import type { Access, Shortage, TableLimits } from "./table-limits.ts";

const MESSAGES: Record<Shortage, string> = {
  ProvisionedThroughputExceeded:
    "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
  KeyRangeThroughputExceeded:
    "The request rate directed at a specific partition key value has exceeded the internal partition-level throughput limits.",
};

export interface Refusal {
  limits: TableLimits;
  access: Access;
  shortage: Shortage;
}

/** The exception DynamoDB answers with when nothing of a request was let through; each reason stands in it once. */
export function throttledError(refusals: readonly [Refusal, ...Refusal[]]): WireError {
  const reasons = new Map(
    refusals.map(({ limits, access, shortage }) => {
      const reason = { reason: `Table${access}${shortage}`, resource: limits.arn };
      return [`${reason.reason} ${reason.resource}`, reason];
    }),
  );
  return new WireError({
    type: "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    message: MESSAGES[refusals[0].shortage],
    fields: { ThrottlingReasons: [...reasons.values()] },
  });
}

/** DynamoDB's answer to a request that contradicts itself or the table. */
export function validationError(message: string): WireError {
  return new WireError({ type: "com.amazon.coral.validate#ValidationException", message });
}
