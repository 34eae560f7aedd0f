import type { IncomingMessage } from "node:http";
import { createGunzip } from "node:zlib";

export type ReadText =
  | { kind: "text"; text: string; bytes: number }
  | { kind: "too_large" }
  | { kind: "not_utf8" }
  | { kind: "not_gzip" }
  | { kind: "incomplete" }
  | { kind: "too_slow" }
  | { kind: "no_room" };

interface Options {
  encoding: "identity" | "gzip";
  /** Largest body taken, bytes: as it comes, and unpacked. */
  maxBytes: number;
  /** Aborts when the body is not waited for any longer. */
  tooSlow: AbortSignal;
  /** Asks for room for so many unpacked bytes; false = there is none. Not asked for a body that is not packed. */
  hold: (bytes: number) => boolean;
}

/**
 * Reads a body and stops at the cap while it comes, whatever length was announced. A packed one is unpacked in small
 * steps and stops there too, so that a few bytes which unpack to gigabytes cost what a plain body at the cap costs.
 * Several gzip members are one text (RFC 1952, section 2.2); anything else behind a member makes it no gzip.
 */
export function readText(request: IncomingMessage, { encoding, maxBytes, tooSlow, hold }: Options): Promise<ReadText> {
  const { promise, resolve } = Promise.withResolvers<ReadText>();
  const gunzip = encoding === "gzip" ? createGunzip() : null;
  const body = gunzip ?? request;
  const chunks: Buffer[] = [];
  let bytes = 0;
  let wireBytes = 0;

  const stop = (result: ReadText) => {
    body.off("data", onData).off("end", onEnd);
    request.off("data", onWire).off("close", onClose).off("error", onClose);
    tooSlow.removeEventListener("abort", onTooSlow);
    if (gunzip) {
      request.unpipe(gunzip);
      gunzip.destroy();
    }
    resolve(result);
  };
  const giveUp = (result: ReadText) => {
    request.pause();
    chunks.length = 0;
    stop(result);
  };
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) giveUp({ kind: "too_large" });
    else if (gunzip && !hold(bytes)) giveUp({ kind: "no_room" });
    else chunks.push(chunk);
  };
  const onWire = (chunk: Buffer) => {
    wireBytes += chunk.length;
    if (wireBytes > maxBytes) giveUp({ kind: "too_large" });
  };
  const onEnd = () => {
    // Zeros behind the last member end the unpacking without a word, and without what follows them.
    if (gunzip && gunzip.bytesWritten < wireBytes) return giveUp({ kind: "not_gzip" });
    try {
      stop({ kind: "text", text: new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks, bytes)), bytes });
    } catch {
      stop({ kind: "not_utf8" });
    }
  };
  // A packed body has come whole before it is unpacked.
  const onClose = () => request.complete || giveUp({ kind: "incomplete" });
  const onTooSlow = () => giveUp({ kind: "too_slow" });

  tooSlow.addEventListener("abort", onTooSlow);
  body.on("data", onData).on("end", onEnd);
  request.on("close", onClose).on("error", onClose);
  if (gunzip) {
    gunzip.on("error", () => giveUp({ kind: "not_gzip" }));
    request.on("data", onWire).pipe(gunzip);
  }
  return promise;
}
