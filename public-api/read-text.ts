import type { IncomingMessage } from "node:http";

export type ReadText = { kind: "text"; text: string } | { kind: "too_large" } | { kind: "not_utf8" } | { kind: "incomplete" } | { kind: "too_slow" };

/**
 * Reads a body and stops at the cap while it comes, whatever length was announced.
 * @param maxBytes largest body taken, bytes.
 * @param tooSlow aborts when the body is not waited for any longer.
 */
export function readText(request: IncomingMessage, maxBytes: number, tooSlow: AbortSignal): Promise<ReadText> {
  const { promise, resolve } = Promise.withResolvers<ReadText>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = (result: ReadText) => {
    request.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
    tooSlow.removeEventListener("abort", onTooSlow);
    resolve(result);
  };
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      request.pause();
      chunks.length = 0;
      stop({ kind: "too_large" });
      return;
    }
    chunks.push(chunk);
  };
  const onEnd = () => {
    try {
      stop({ kind: "text", text: new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks, bytes)) });
    } catch {
      stop({ kind: "not_utf8" });
    }
  };
  const onClose = () => stop({ kind: "incomplete" });
  const onTooSlow = () => {
    request.pause();
    chunks.length = 0;
    stop({ kind: "too_slow" });
  };
  tooSlow.addEventListener("abort", onTooSlow);
  request.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  return promise;
}
