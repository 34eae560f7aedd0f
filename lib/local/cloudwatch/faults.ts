import type { z } from "zod";
import { WireError } from "#lib/local/wire/wire-error.ts";

/** CloudWatch's error codes, as its query protocol named them, with the shape that JSON names. */
const SHAPES = {
  ValidationError: "ValidationError",
  InvalidParameterValue: "InvalidParameterValueException",
  InvalidParameterCombination: "InvalidParameterCombinationException",
  InvalidNextToken: "InvalidNextToken",
} as const;

/** An error as CloudWatch sends it: clients of the former query protocol read the code from the header. */
export function fault(code: keyof typeof SHAPES, message: string): WireError {
  return new WireError({
    type: `com.amazonaws.cloudwatch#${SHAPES[code]}`,
    message,
    headers: { "x-amzn-query-error": `${code};Sender` },
  });
}

/** Parses a request. @throws WireError ValidationError that names the first field that was wrong. */
export function parseRequest<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw fault("ValidationError", `${issue?.path.join(".") ?? "request"}: ${issue?.message ?? "invalid"}`);
}

/** A token that says where the next page begins. */
export function toToken(offset: number): string {
  return Buffer.from(`offset:${offset}`).toString("base64url");
}

/** @throws WireError InvalidNextToken for what `toToken` did not make. */
export function fromToken(token: string | undefined): number {
  if (token === undefined) return 0;
  const match = /^offset:(\d+)$/.exec(Buffer.from(token, "base64url").toString());
  if (!match) throw fault("InvalidNextToken", "The next token is not valid.");
  return Number(match[1]);
}
