import { createHmac } from "node:crypto";
import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { isPublicAddress } from "#lib/domain/public-address.ts";

/**
 * What one POST came to:
 * - `accepted`: a 2xx.
 * - `refused`: the receiver will not have it: 4xx but for 408 and 429, or a redirect, which is not followed.
 * - `later`: 429 or 503 with a Retry-After.
 * - `failed`: any other answer, none in time, or no connection; the receiver may have acted on it.
 */
export type WebhookAnswer =
  | { kind: "accepted"; status: number }
  | { kind: "refused"; error: string }
  | { kind: "later"; retryAfterMs: number; error: string }
  | { kind: "failed"; error: string };

/** All that is kept of an answer's body: enough to tell why it was refused. */
const EXCERPT_BYTES = 300;
/** An answer that goes on for longer is cut off. */
const MAX_ANSWER_BYTES = 64 * 1024;
const EXCERPT_WAIT_MS = 1_000;
/** Requests at once: a caller that makes more keeps them waiting for a socket while their time runs. */
export const WEBHOOK_SOCKETS = 64;

/** A name that leads to an address which is not on the public internet. */
export class ClosedAddress extends Error {
  constructor(host: string, address: string) {
    super(`${host} leads to ${address}, which is not a public address`);
    this.name = "ClosedAddress";
  }
}

/**
 * Looks a name up and refuses it when any of its addresses is not public. The connection is made to the very
 * addresses that were looked at, so a name cannot lead elsewhere in between.
 */
export function publicLookup(lookup: LookupFunction = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const addresses: LookupAddress[] = typeof found === "string" ? [{ address: found, family: isIP(found) }] : found;
      const closed = addresses.find(({ address }) => !isPublicAddress(address));
      const [first] = addresses;
      if (closed || !first) return callback(new ClosedAddress(hostname, closed?.address ?? "nothing"), []);
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** Retry-After in milliseconds, given as seconds or as a date; null when absent or unreadable. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

/** `t=<epoch seconds>,v1=<HMAC-SHA256 in hex of "<t>.<body>">`. */
export function signature({ secret, body, nowMs }: { secret: string; body: string; nowMs: number }): string {
  const seconds = Math.floor(nowMs / 1000);
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}

/** The start of an answer's body as one line of printable text. */
async function excerptOf(response: IncomingMessage): Promise<string> {
  let text = "";
  const timer = setTimeout(() => response.destroy(), EXCERPT_WAIT_MS);
  try {
    for await (const chunk of response.setEncoding("utf8")) {
      text += String(chunk).slice(0, EXCERPT_BYTES - text.length);
      if (text.length >= EXCERPT_BYTES) break; // leaving the loop ends the response
    }
  } catch {
    // Cut off midway: what came is what is told.
  } finally {
    clearTimeout(timer);
  }
  return text.replaceAll(/[\p{C}\s]+/gu, " ").trim();
}

/** Reads the rest of an answer so that its connection can be used again, but not for ever. */
function drain(response: IncomingMessage): void {
  let bytes = 0;
  const timer = setTimeout(() => response.destroy(), EXCERPT_WAIT_MS);
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) response.destroy();
  });
  response.on("error", () => {}); // its status has been read; the rest is of no interest
  response.on("close", () => clearTimeout(timer));
}

async function answerOf(response: IncomingMessage, nowMs: number): Promise<WebhookAnswer> {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) {
    drain(response);
    return { kind: "accepted", status };
  }
  const excerpt = await excerptOf(response);
  const error = `the webhook answered ${status}${excerpt === "" ? "" : `: ${excerpt}`}`;
  if (status >= 300 && status < 400) return { kind: "refused", error: `${error} (redirects are not followed)` };
  const waitMs = status === 429 || status === 503 ? retryAfterMs(response.headers["retry-after"], nowMs) : null;
  if (waitMs !== null) return { kind: "later", retryAfterMs: waitMs, error };
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) return { kind: "refused", error };
  return { kind: "failed", error };
}

export type Webhook = ReturnType<typeof createWebhook>;

/**
 * One receiver of POSTs. Follows no redirects; connects to public addresses only, unless `allowPrivate`.
 *
 * @param timeoutMs longest wait for the status of an answer.
 * @param secret signs every body when given.
 */
export function createWebhook({
  url,
  secret,
  timeoutMs,
  allowPrivate,
  now,
  lookup,
}: {
  url: string;
  secret: string | null;
  timeoutMs: number;
  allowPrivate: boolean;
  now: () => number;
  lookup?: LookupFunction;
}) {
  const target = new URL(url);
  const secure = target.protocol === "https:";
  const host = target.hostname.replaceAll(/^\[|\]$/g, "");
  const agentOptions = { keepAlive: true, maxSockets: WEBHOOK_SOCKETS };
  const agent = secure ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
  const send = secure ? httpsRequest : httpRequest;
  const lookedUp = allowPrivate ? lookup : publicLookup(lookup);

  return {
    /** Posts JSON once. Never throws. @param signal ends it early. */
    async post({ body, headers }: { body: string; headers: Readonly<Record<string, string>> }, signal: AbortSignal): Promise<WebhookAnswer> {
      // A literal address is connected to without a lookup.
      if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) return { kind: "failed", error: new ClosedAddress(host, host).message };
      const timeout = AbortSignal.timeout(timeoutMs);
      const options: RequestOptions = {
        method: "POST",
        agent,
        signal: AbortSignal.any([signal, timeout]),
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          "user-agent": "spillway",
          ...headers,
          ...(secret !== null && { "spillway-signature": signature({ secret, body, nowMs: now() }) }),
        },
        ...(lookedUp && { lookup: lookedUp }),
      };
      try {
        const response = await new Promise<IncomingMessage>((resolve, reject) => {
          const request = send(target, options, resolve);
          request.on("error", reject);
          request.end(body);
        });
        return await answerOf(response, now());
      } catch (thrown) {
        if (timeout.aborted && !signal.aborted) return { kind: "failed", error: `the webhook did not answer within ${timeoutMs} ms` };
        return { kind: "failed", error: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown) };
      }
    },

    /** Ends idle connections. */
    close: (): void => agent.destroy(),
  };
}
