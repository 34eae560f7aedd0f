import { PROBLEM_CONTENT_TYPE, type Problem } from "#lib/contracts/problem.ts";

/** One fault of a request and where it stands. */
export interface FieldFault {
  field: string;
  message: string;
}

interface ProblemInput {
  status: number;
  /** Machine-readable, stable over releases. */
  code: string;
  title: string;
  detail?: string;
  errors?: readonly FieldFault[];
  /** When the same may be asked again; also the Retry-After of the answer. */
  retryInSeconds?: number;
  /** Members of this problem's own, such as the current value on a conflict (RFC 9457, section 3.2). */
  extensions?: Readonly<Record<string, unknown>>;
}

/** Thrown in a route to answer with a problem; all it holds is meant for the caller's eyes. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly retryInSeconds: number | undefined;
  readonly problem: Problem & Record<string, unknown>;

  constructor({ status, code, title, detail, errors, retryInSeconds, extensions }: ProblemInput) {
    super(`${status} ${code}: ${detail ?? title}`);
    this.name = "HttpProblem";
    this.status = status;
    this.retryInSeconds = retryInSeconds;
    this.problem = {
      ...extensions,
      type: `urn:spillway:problem:${code}`,
      title,
      status,
      code,
      ...(detail !== undefined && { detail }),
      ...(retryInSeconds !== undefined && { retryInSeconds }),
      ...(errors && { errors: [...errors] }),
    };
  }
}

/** The answer for a problem. */
export function problemResponse({ status, problem, retryInSeconds }: HttpProblem): Response {
  return new Response(JSON.stringify(problem), {
    status,
    headers: { "content-type": PROBLEM_CONTENT_TYPE, "cache-control": "no-store", ...(retryInSeconds !== undefined && { "retry-after": String(retryInSeconds) }) },
  });
}
