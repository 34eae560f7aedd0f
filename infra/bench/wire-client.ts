import { connect, type Socket } from "node:net";

/** An answer as far as a load generator reads it. */
export interface WireAnswer {
  status: number;
  retryAfterSeconds: number;
  body: Buffer;
}

const HEAD_END = Buffer.from("\r\n\r\n");

/** Reads one header of an answer's head. */
function header(head: string, name: string): string | undefined {
  return new RegExp(`^${name}: *(.*)$`, "im").exec(head)?.[1]?.trim();
}

/**
 * One kept-alive HTTP/1.1 connection of the loopback address, one request at a time. Far cheaper than Node's own client,
 * so that what is measured is the server. Understands answers with a Content-Length only.
 */
export function createWireClient(port: number) {
  let socket: Socket | null = null;
  let waiting: { resolve: (answer: WireAnswer) => void; reject: (error: Error) => void } | null = null;
  let parts: Buffer[] = [];
  let have = 0;
  let need = -1;
  let head = "";
  let bodyStart = 0;

  function settle(act: (waiter: NonNullable<typeof waiting>) => void): void {
    const waiter = waiting;
    waiting = null;
    parts = [];
    have = 0;
    need = -1;
    if (waiter) act(waiter);
  }

  function onData(chunk: Buffer): void {
    parts.push(chunk);
    have += chunk.length;
    if (need < 0) {
      const all = parts.length === 1 ? chunk : Buffer.concat(parts, have);
      parts = [all];
      const end = all.indexOf(HEAD_END);
      if (end < 0) return;
      head = all.toString("latin1", 0, end);
      bodyStart = end + HEAD_END.length;
      need = bodyStart + Number(header(head, "content-length") ?? Number.NaN);
      if (Number.isNaN(need)) {
        settle(({ reject }) => reject(new Error("an answer without a Content-Length")));
        socket?.destroy();
        return;
      }
    }
    if (have < need) return;
    const all = parts.length === 1 ? (parts[0] ?? chunk) : Buffer.concat(parts, have);
    const answer = { status: Number(head.slice(9, 12)), retryAfterSeconds: Number(header(head, "retry-after") ?? 0), body: all.subarray(bodyStart, need) };
    if (header(head, "connection")?.toLowerCase() === "close") {
      socket?.destroy();
      socket = null;
    }
    settle(({ resolve }) => resolve(answer));
  }

  function open(): Socket {
    const made = connect({ port, host: "127.0.0.1", noDelay: true });
    const ended = (error?: Error) => {
      if (socket !== made) return;
      socket = null;
      settle(({ reject }) => reject(error ?? new Error("the connection was closed")));
    };
    made.on("data", onData).on("error", ended).on("close", () => ended());
    return made;
  }

  return {
    /** Sends a whole request, head and body. @rejects when the connection ended before its answer. */
    exchange(request: string): Promise<WireAnswer> {
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket ??= open();
        socket.write(request);
      });
    },
    close(): void {
      const open = socket;
      socket = null;
      open?.destroy();
    },
  };
}
export type WireClient = ReturnType<typeof createWireClient>;
