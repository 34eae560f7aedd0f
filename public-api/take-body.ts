import type { IncomingMessage, ServerResponse } from "node:http";
import type { Admission } from "./admission.ts";
import { problems } from "./problems.ts";
import { readText } from "./read-text.ts";
import { type Headers, refuseUnread, respondProblem } from "./respond.ts";

/** Seconds a shed producer is told to wait, at least; and the seconds over which they are spread, so that they do not come back at once. */
const RETRY_SECONDS = 1;
const RETRY_SPREAD_SECONDS = 2;
/** What a packed body is taken to unpack to before it is seen; activities pack better rather than worse. */
const PACKED_TIMES = 8;

export function retryLater(random: () => number = Math.random): Headers {
  return { "Retry-After": String(RETRY_SECONDS + Math.round(random() * RETRY_SPREAD_SECONDS)) };
}

interface Options {
  admission: Admission;
  encoding: "identity" | "gzip";
  /** Largest body taken, bytes, both as it comes and unpacked. */
  maxBytes: number;
}

function toHold({ encoding, maxBytes }: Options, announced: number | null): number {
  if (announced === null) return maxBytes;
  return encoding === "gzip" ? Math.min(maxBytes, announced * PACKED_TIMES) : announced;
}

/**
 * Reads the body of a request that may be taken, within the bounds on what is in work, and answers where that fails.
 * @param use gets the text, and the place is held until it is done, or until it leaves the place itself.
 */
export async function takeBody(request: IncomingMessage, response: ServerResponse, options: Options, use: (text: string, leave: () => void) => Promise<void>): Promise<void> {
  const { admission, encoding, maxBytes } = options;
  const { headers } = request;
  const announced = headers["content-length"] === undefined ? null : Number(headers["content-length"]);
  if (announced !== null && announced > maxBytes) return refuseUnread(request, response, problems.tooLarge(maxBytes));
  const tooSlow = new AbortController();
  const held = toHold(options, announced);
  const place = admission.enter(held, () => tooSlow.abort());
  if (!place) return refuseUnread(request, response, problems.overloaded(), retryLater());
  try {
    if (headers.expect?.toLowerCase() === "100-continue") response.writeContinue();
    const body = await readText(request, { encoding, maxBytes, tooSlow: tooSlow.signal, hold: (bytes) => bytes <= held || place.hold(bytes) });
    place.bodyEnded();
    switch (body.kind) {
      case "text":
        place.hold(body.bytes);
        return await use(body.text, () => place.leave());
      case "too_large":
        return refuseUnread(request, response, problems.tooLarge(maxBytes));
      case "too_slow":
        return refuseUnread(request, response, problems.tooSlow(), retryLater());
      case "no_room":
        return refuseUnread(request, response, problems.overloaded(), retryLater());
      case "not_gzip":
        return refuseUnread(request, response, problems.notGzip());
      case "not_utf8":
        return respondProblem(response, problems.notUtf8());
      case "incomplete":
        return respondProblem(response, problems.incomplete());
    }
  } finally {
    place.leave();
  }
}
