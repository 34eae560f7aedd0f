import type { z } from "zod";
import { type FieldFault, HttpProblem } from "#lib/http/http-problem.ts";

/** Largest body the dashboard's own routes take, bytes: a redrive of 1,000 ids is about 40 KB. */
const BODY_LIMIT_BYTES = 256 * 1024;

/** `items[3].name`, as a reader would write it. */
function fieldOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`),
    "",
  );
}

function faults(error: z.ZodError): FieldFault[] {
  return error.issues.map((issue) => ({ field: fieldOf(issue.path), message: issue.message }));
}

/** @throws HttpProblem with every fault when the value does not fit the schema. */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown, { status, code, title }: { status: number; code: string; title: string }): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = faults(parsed.error);
  const first = errors[0];
  throw new HttpProblem({
    status,
    code,
    title,
    errors,
    ...(first && { detail: first.field === "" ? first.message : `${first.field}: ${first.message}` }),
  });
}

/** Search parameters as an object; of a name given twice the last one wins. */
export function queryOf(request: Request): Record<string, string> {
  return Object.fromEntries(new URL(request.url).searchParams);
}

async function readBytes(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  // Leaving the loop early cancels the stream.
  for await (const chunk of body) {
    total += chunk.byteLength;
    if (total > BODY_LIMIT_BYTES) {
      throw new HttpProblem({ status: 413, code: "body_too_large", title: "The body is too large", detail: `At most ${BODY_LIMIT_BYTES} bytes are taken.` });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The JSON body. @throws HttpProblem 400, 413 or 415. */
export async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new HttpProblem({ status: 415, code: "unsupported_media_type", title: "The body must be JSON", detail: "Send content-type: application/json." });
  }
  const bytes = request.body ? await readBytes(request.body) : new Uint8Array();
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new HttpProblem({ status: 400, code: "malformed_json", title: "The body is not JSON" });
  }
}
