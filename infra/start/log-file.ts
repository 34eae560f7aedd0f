import { createWriteStream, existsSync, mkdirSync, renameSync, statSync, type WriteStream } from "node:fs";
import { dirname } from "node:path";
import { printable } from "#lib/contracts/log-line.ts";

const BYTES_KEPT = 10_000_000;
const LINES_IN_TAIL = 12;

/**
 * A log of one child, appended to over starts. Past 10 MB it moves to `<file>.1` and begins anew, so that a child's
 * logs take 20 MB at most. The last lines are kept in memory for the message when the child dies.
 */
export function openLogFile(file: string) {
  mkdirSync(dirname(file), { recursive: true });
  let bytes = existsSync(file) ? statSync(file).size : 0;
  let stream: WriteStream | null = null;
  let tail: string[] = [];

  const open = (): WriteStream => {
    const opened = createWriteStream(file, { flags: "a", mode: 0o600 });
    // A full disk costs the log, not the product.
    opened.on("error", () => undefined);
    return opened;
  };

  return {
    file,
    line(raw: string): void {
      // Not all lines are our own JSON: Next and PostgreSQL write what they were given.
      const text = printable(raw);
      tail = [...tail.slice(1 - LINES_IN_TAIL), text];
      if (bytes > BYTES_KEPT) {
        stream?.end();
        stream = null;
        renameSync(file, `${file}.1`);
        bytes = 0;
      }
      stream ??= open();
      stream.write(`${text}\n`);
      bytes += Buffer.byteLength(text) + 1;
    },
    tail: () => tail.join("\n"),
    forgetTail: () => {
      tail = [];
    },
    close: () => stream?.end(),
  };
}

export type LogFile = ReturnType<typeof openLogFile>;
