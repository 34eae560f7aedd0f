import { HttpProblem } from "#lib/http/http-problem.ts";

/** Names and codes of errors that say "a backend did not answer": sockets, the AWS SDK's, Prisma's. */
const UNAVAILABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ETIMEDOUT",
  "EPIPE",
  "TimeoutError",
  "NetworkingError",
  "ServiceUnavailable",
  "P1001",
  "P1002",
  "P1008",
  "P1017",
  "P2024",
  "P2028",
  "53300",
  "57014",
  "57P01",
  "57P02",
  "57P03",
  "DatabaseNotReachable",
  "ConnectionClosed",
  "SocketTimeout",
  "TooManyConnections",
]);

/** The pg driver's plain errors of a database that hangs or went: they have neither a name nor a code. */
const PG_MESSAGES = /^(timeout exceeded when trying to connect|Query read timeout|Connection terminated\b.*)$/;

interface ErrorLike {
  name?: unknown;
  code?: unknown;
  message?: unknown;
  cause?: unknown;
  /** On Prisma's errors: what a raw query met stands two levels below. */
  meta?: { driverAdapterError?: unknown };
  /** On the causes of Prisma's driver errors. */
  kind?: unknown;
  originalCode?: unknown;
}

/** Whether an error or one of its causes means that a backend is away. */
function isUnavailable(error: unknown, depth = 0): boolean {
  if (typeof error !== "object" || error === null || depth > 4) return false;
  const { name, code, message, cause, meta, kind, originalCode } = error as ErrorLike;
  return (
    [name, code, kind, originalCode].some((word) => UNAVAILABLE.has(String(word))) ||
    (typeof message === "string" && PG_MESSAGES.test(message.trim().split("\n").at(-1) ?? "")) ||
    isUnavailable(cause, depth + 1) ||
    isUnavailable(meta?.driverAdapterError, depth + 1)
  );
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? (error.stack ?? error.message) : `${error.stack ?? error.message}\ncaused by ${describe(error.cause)}`;
}

/** One JSON line on stderr; what is unknown must be found by whoever runs this. */
function log(error: unknown, request: Request, reference: string): void {
  const { pathname } = new URL(request.url);
  process.stderr.write(
    `${JSON.stringify({ at: new Date().toISOString(), level: "error", event: "route_failed", method: request.method, path: pathname, reference, error: describe(error) })}\n`,
  );
}

/**
 * The problem to answer for a thrown value. What is not an HttpProblem leaves with a generic text and a
 * reference that the log line carries too.
 */
export function toProblem(error: unknown, request: Request): HttpProblem {
  if (error instanceof HttpProblem) return error;
  const reference = crypto.randomUUID();
  log(error, request, reference);
  if (isUnavailable(error)) {
    return new HttpProblem({ status: 503, code: "backend_unavailable", title: "A backend does not answer", detail: "Nothing was changed as far as is known. Try again in a moment.", extensions: { reference } });
  }
  return new HttpProblem({ status: 500, code: "internal_error", title: "Something went wrong here", detail: "The log of the dashboard has the cause under this reference.", extensions: { reference } });
}
