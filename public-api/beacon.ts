import type { IncomingMessage, ServerResponse } from "node:http";
import type { Authenticate } from "#lib/services/api-keys/key-ring.ts";
import { type Admission, createAdmission } from "./admission.ts";
import { refuseForKey } from "./check-key.ts";
import type { Cors } from "./cors.ts";
import { bodyEncoding, bodyFormat } from "./media-type.ts";
import { answerActivities, type PostActivitiesContext } from "./post-activities.ts";
import { problems } from "./problems.ts";
import { refuseUnread, respondProblem } from "./respond.ts";
import { retryLater, takeBody } from "./take-body.ts";

/** What browsers let a page have under way in beacons and keep-alive requests (Fetch standard), bytes. */
const BEACON_BYTES = 64 * 1024;
/** Bodies read at once whose key is not known yet; apart from the others, so that whoever has no key keeps nobody out. */
const UNCHECKED_REQUESTS = 100;
/** Time such a body may take while others wait, milliseconds: a page sends it in one go. */
const UNCHECKED_SLOW_MS = 2_000;

export interface BeaconContext extends PostActivitiesContext {
  authenticate: Authenticate;
  cors: Pick<Cors, "allows">;
  /** Bounds the bodies that are read before their key is known. */
  unchecked: Admission;
}

export function uncheckedBodies(): Admission {
  return createAdmission({ maxRequests: UNCHECKED_REQUESTS, maxBytes: UNCHECKED_REQUESTS * BEACON_BYTES, slowMs: UNCHECKED_SLOW_MS });
}

/** The key in the first line, as a header would carry it; null where there is none. */
function keyHeader(line: string): string | null {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null || !("key" in value) || typeof value.key !== "string") return null;
    return Object.keys(value).length === 1 ? `Bearer ${value.key}` : null;
  } catch {
    return null;
  }
}

/**
 * `POST /v1/beacon`: activities of a page that is about to go, one a line. `sendBeacon` can set no header, and only plain
 * text goes out without a preflight, for which a closing page has no time; so the key stands in the first line.
 * An address would be written into logs of proxies on the way, a body is not. Without a configured origin nothing is read.
 */
export async function postBeacon(ctx: BeaconContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { headers } = request;
  const noKey = () => refuseForKey({ ok: false, reason: "no_valid_key" }, "ingest", request, response);
  if (!ctx.cors.allows(headers.origin)) return noKey();
  if (bodyFormat(headers["content-type"]) !== "text") return refuseUnread(request, response, problems.beaconMediaType(), { "Accept-Post": "text/plain" });
  if (bodyEncoding(headers["content-encoding"]) !== "identity") return refuseUnread(request, response, problems.encoding(), { "Accept-Encoding": "identity" });
  await takeBody(request, response, { admission: ctx.unchecked, encoding: "identity", maxBytes: BEACON_BYTES }, async (text, leave) => {
    const end = text.indexOf("\n");
    const first = end === -1 ? text : text.slice(0, end);
    const result = ctx.authenticate(keyHeader(first), "ingest");
    if (!result.ok) return refuseForKey(result, "ingest", request, response);
    const place = ctx.admission.enter(Buffer.byteLength(text), () => undefined);
    if (!place) return respondProblem(response, problems.overloaded(), retryLater());
    // Its key is known by now: while the queue is slow it takes no room from those whose is not.
    leave();
    try {
      place.bodyEnded();
      // A blank line in the key's place: places are counted as they were sent, and no verdict quotes the key.
      await answerActivities(ctx, response, { text: text.slice(first.length), format: "ndjson" });
    } finally {
      place.leave();
    }
  });
}
