import type { z } from "zod";
import { ApiError } from "#lib/client/api-error.ts";
import { problemSchema } from "#lib/contracts/problem.ts";

/** Longest wait for an answer of our own server, milliseconds; its backends' limits are shorter. */
const TIMEOUT_MS = 10_000;

export interface ApiRequest<S extends z.ZodType> {
  /** Absolute path on this host, such as `/api/overview`. */
  path: string;
  /** Contract of a good answer. */
  schema: S;
  /** Search parameters; undefined ones are left out. */
  query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON by POST when given. */
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** Longest wait for an answer, where another than the usual one fits. */
  timeoutMs?: number;
}

function address(path: string, query: ApiRequest<z.ZodType>["query"]): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? path : `${path}?${text}`;
}

async function send({ path, query, body, signal, timeoutMs = TIMEOUT_MS }: Omit<ApiRequest<z.ZodType>, "schema">): Promise<Response> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await fetch(address(path, query), {
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      cache: "no-store",
      headers: { accept: "application/json" },
      ...(body !== undefined && {
        method: "POST",
        headers: { accept: "application/json", "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    if (timeout.aborted) throw new ApiError({ kind: "timeout", message: `No answer within ${timeoutMs / 1000} seconds.`, cause });
    throw new ApiError({ kind: "network", message: "The dashboard's server cannot be reached.", cause });
  }
}

async function readBody(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    throw new ApiError({ kind: "invalid_answer", status: response.status, message: `The server answered ${response.status} without readable content.`, cause });
  }
}

function failureOf(response: Response, body: unknown): ApiError {
  const problem = problemSchema.loose().safeParse(body);
  if (!problem.success) return new ApiError({ kind: "invalid_answer", status: response.status, message: `The server answered ${response.status}.` });
  const { title, detail } = problem.data;
  return new ApiError({ kind: "problem", status: response.status, message: detail ?? title, problem: problem.data });
}

/**
 * Calls one of our own routes and reads the answer by its contract.
 * @throws ApiError for every failure, but for an abort by the caller's signal.
 */
export async function apiFetch<S extends z.ZodType>({ schema, ...request }: ApiRequest<S>): Promise<z.output<S>> {
  const response = await send(request);
  const body = await readBody(response);
  if (!response.ok) throw failureOf(response, body);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new ApiError({ kind: "invalid_answer", status: response.status, message: "The server's answer does not fit; reload the page.", cause: parsed.error });
}

/** Longest time of a download, milliseconds. */
const DOWNLOAD_TIMEOUT_MS = 600_000;

/**
 * Fetches a file from one of our own routes.
 * @throws ApiError for every failure, a file that was cut off among them.
 */
export async function apiDownload(request: Pick<ApiRequest<z.ZodType>, "path" | "body">): Promise<Blob> {
  const response = await send({ ...request, timeoutMs: DOWNLOAD_TIMEOUT_MS });
  if (!response.ok) throw failureOf(response, await readBody(response));
  try {
    return await response.blob();
  } catch (cause) {
    throw new ApiError({ kind: "network", status: response.status, message: "The file was cut off before its end.", cause });
  }
}
