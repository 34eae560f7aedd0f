import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { OutgoingMessage } from "#lib/gateways/sqs-queue.ts";
import type { SendVerdict } from "#lib/services/activity/ingest-batcher.ts";
import type { Authenticate } from "#lib/services/api-keys/key-ring.ts";
import { createAdmission } from "#public-api/admission.ts";
import { createPublicApi } from "#public-api/server.ts";

interface Options {
  submit?: (messages: readonly OutgoingMessage[]) => Promise<SendVerdict[]>;
  authenticate?: Authenticate;
  corsOrigins?: readonly string[];
  maxRequests?: number;
  maxBytes?: number;
  slowMs?: number;
  isLate?: () => boolean;
}

/** The public API in this process, over a queue that takes everything; `sent` holds what it took. Close with `api.stop(0)`. */
export async function startPublicApi({
  submit = (messages) => Promise.resolve(messages.map(() => ({ status: "accepted", sequenceNumber: "1", outOfOrder: false }))),
  authenticate = () => ({ ok: true, keyId: "AAAAAAAAAAAA" }),
  corsOrigins = [],
  maxRequests = 10,
  maxBytes = 10_000_000,
  slowMs = 2_000,
  isLate = () => false,
}: Options = {}) {
  const sent: OutgoingMessage[] = [];
  const logged: string[] = [];
  const admission = createAdmission({ maxRequests, maxBytes, slowMs, isLate });
  const batcher = {
    submit: (messages: readonly OutgoingMessage[]) => {
      sent.push(...messages);
      return submit(messages);
    },
  };
  const api = createPublicApi({
    ctx: { batcher, now: Date.now, deadlineMs: 1000, admission, count: () => undefined },
    authenticate,
    log: (_, event) => logged.push(event),
    corsOrigins,
    slowMs,
  });
  await once(api.server.listen(0, "127.0.0.1"), "listening");
  const { port } = api.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(`${url}/v1/activities`, { method: "POST", body, headers: { "Content-Type": "application/json", ...headers } });
  return { api, port, url, post, sent, logged, admission };
}
