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

/** Whether an error or one of its causes means that a backend did not answer; what was asked of it may have been done. */
export function isUnavailable(error: unknown, depth = 0): boolean {
  if (typeof error !== "object" || error === null || depth > 4) return false;
  const { name, code, message, cause, meta, kind, originalCode } = error as ErrorLike;
  return (
    [name, code, kind, originalCode].some((word) => UNAVAILABLE.has(String(word))) ||
    (typeof message === "string" && PG_MESSAGES.test(message.trim().split("\n").at(-1) ?? "")) ||
    isUnavailable(cause, depth + 1) ||
    isUnavailable(meta?.driverAdapterError, depth + 1)
  );
}
