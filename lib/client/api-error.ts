import type { Problem } from "#lib/contracts/problem.ts";

/** How a call failed: a problem was answered, the network or time gave out, or the answer broke its contract. */
export type ApiErrorKind = "problem" | "network" | "timeout" | "invalid_answer";

/** Every failure of a call to our own routes. `message` is fit for the screen. */
export class ApiError extends Error {
  readonly kind: ApiErrorKind;
  /** HTTP status, 0 when there was no answer. */
  readonly status: number;
  /** The problem's stable code, or the kind where there is none. */
  readonly code: string;
  /** The problem with its extension members, if one was answered. */
  readonly problem: (Problem & Record<string, unknown>) | undefined;

  constructor({ kind, status = 0, message, problem, cause }: { kind: ApiErrorKind; status?: number; message: string; problem?: Problem & Record<string, unknown>; cause?: unknown }) {
    super(message, { cause });
    this.name = "ApiError";
    this.kind = kind;
    this.status = status;
    this.code = problem?.code ?? kind;
    this.problem = problem;
  }
}
