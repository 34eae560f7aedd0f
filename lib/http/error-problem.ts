import { jsonLine } from "#lib/contracts/log-line.ts";
import { AuditUnavailable } from "#lib/gateways/audit-log.ts";
import { isUnavailable } from "#lib/gateways/unavailable.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? (error.stack ?? error.message) : `${error.stack ?? error.message}\ncaused by ${describe(error.cause)}`;
}

/** One JSON line on stderr; what is unknown must be found by whoever runs this. */
function log(error: unknown, request: Request, reference: string): void {
  const { pathname } = new URL(request.url);
  process.stderr.write(
    `${jsonLine({ at: new Date().toISOString(), level: "error", event: "route_failed", method: request.method, path: pathname, reference, error: describe(error) })}\n`,
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
  if (error instanceof AuditUnavailable) {
    return new HttpProblem({ status: 503, code: "audit_unavailable", title: "The audit log cannot be written", detail: "Nothing was changed: what cannot be audited is not done. Try again in a moment.", extensions: { reference } });
  }
  if (isUnavailable(error)) {
    return new HttpProblem({ status: 503, code: "backend_unavailable", title: "A backend does not answer", detail: "Nothing was changed as far as is known. Try again in a moment.", extensions: { reference } });
  }
  return new HttpProblem({ status: 500, code: "internal_error", title: "Something went wrong here", detail: "The log of the dashboard has the cause under this reference.", extensions: { reference } });
}
