import { subscribe } from "node:diagnostics_channel";
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { PEER_HEADER } from "./client-address.ts";

const store = globalThis as typeof globalThis & { spillwayPeerMark?: string };

/**
 * Notes on each request, before anything else sees it, the address at the other end of its connection: Next hands its
 * routes no connection, and what stands in a header may have come with the request. Called once, as the server starts.
 */
export function notePeerAddresses(): void {
  if (store.spillwayPeerMark !== undefined) return;
  // The mark tells our note from a header that came with the request, should this ever not run before it.
  const mark = randomUUID();
  store.spillwayPeerMark = mark;
  subscribe("http.server.request.start", (message) => {
    const { request } = message as { request: IncomingMessage };
    request.headers[PEER_HEADER] = `${mark} ${request.socket.remoteAddress ?? ""}`;
  });
}

/** The noted address; null where none was noted by us. */
export function peerAddress(headers: Headers): string | null {
  const [mark, address] = (headers.get(PEER_HEADER) ?? "").split(" ");
  return address !== undefined && address !== "" && mark === store.spillwayPeerMark ? address : null;
}
