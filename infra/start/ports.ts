import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { LocalPort } from "#lib/config/local.ts";
import { StartError } from "./errors.ts";

const POLL_MS = 100;

/** Whether a port of this machine's loopback can be listened on now. */
export async function isFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}

/** One line per fault: ports named twice or out of range are faults of the variables, not of the machine. */
export function sharedPorts(ports: readonly LocalPort[]): string[] {
  return ports.flatMap((one, index) =>
    ports.slice(index + 1).flatMap((other) =>
      other.port === one.port ? [`Port ${one.port} is given to both ${one.what} and ${other.what}: set ${one.variable} or ${other.variable} to another one.`] : [],
    ),
  );
}

/**
 * Checks that every port can be listened on.
 * @param patienceMs how long a taken port may take to become free (the children of a killed run end by themselves).
 * @throws StartError with one line per taken port: the port, what for, and the variable that moves it.
 */
export async function checkPorts(ports: readonly LocalPort[], { patienceMs = 0 }: { patienceMs?: number } = {}): Promise<void> {
  const shared = sharedPorts(ports);
  if (shared.length > 0) throw new StartError(shared.join("\n"));
  const end = performance.now() + patienceMs;
  for (;;) {
    const taken: LocalPort[] = [];
    for (const entry of ports) if (!(await isFree(entry.port))) taken.push(entry);
    if (taken.length === 0) return;
    if (performance.now() >= end) {
      throw new StartError(
        taken.map(({ port, what, variable }) => `Port ${port} for ${what} is taken: stop what listens there, or set ${variable} to a free port.`).join("\n"),
      );
    }
    await sleep(POLL_MS);
  }
}
