/** What a stop needs of the process. */
interface Signals {
  on: (signal: "SIGTERM" | "SIGINT", listener: (signal: string) => void) => unknown;
  exit: (code: number) => unknown;
}

/**
 * The first SIGTERM or SIGINT asks for a graceful stop; the second one ends the process at once.
 * @returns aborts at the first signal; its reason is the signal's name.
 */
export function stopSignal(process: Signals): AbortSignal {
  const asked = new AbortController();
  const listen = (signal: string) => {
    if (asked.signal.aborted) process.exit(130);
    asked.abort(signal);
  };
  process.on("SIGTERM", listen);
  process.on("SIGINT", listen);
  return asked.signal;
}
