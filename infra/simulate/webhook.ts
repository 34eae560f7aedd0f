import type { PushFilter } from "#lib/gateways/push-filter.ts";
import type { Webhook, WebhookAnswer } from "#lib/gateways/webhook.ts";
import { createFakeFilter } from "#worker/testing/fake-push.ts";
import type { Host } from "./host.ts";
import type { Link } from "./link.ts";
import type { Fact } from "./log.ts";

/** What the plan decides about a push that has arrived. */
export interface WebhookFaults {
  /** The receiver refuses this activity for its content. */
  refuses: (id: string) => boolean;
  failing: () => boolean;
  impatient: () => boolean;
}

/** What a worker uses to push: the receiver, and the table of the dedup filter. */
export interface Pushing {
  webhook: Webhook;
  filter: Pick<PushFilter, "claim" | "markDone" | "giveBack">;
}

/** The webhook's receiver and the push filter's table, which passes the tests of the real one. */
export function createPushing({ faults, idOfKey, log }: { faults: WebhookFaults; idOfKey: (key: string) => string; log: (fact: Fact) => void }) {
  const { filter } = createFakeFilter();

  function receive(worker: string, id: string): WebhookAnswer {
    const refused = (what: string) => log({ fact: "fault", worker, what: "push_refused", detail: `${id}: ${what}` });
    if (faults.refuses(id)) return { kind: "refused", error: "the webhook answered 422" };
    if (faults.impatient()) {
      refused("429");
      return { kind: "later", retryAfterMs: 2_000, error: "the webhook answered 429" };
    }
    if (faults.failing()) {
      refused("500");
      return { kind: "failed", error: "the webhook answered 500" };
    }
    log({ fact: "pushed", worker, id });
    return { kind: "accepted", status: 204 };
  }

  return {
    /** @param timeoutMs longest wait for the receiver's answer. */
    of(host: Host, link: Link, timeoutMs: number): Pushing {
      const { name: worker } = host;
      return {
        webhook: {
          post({ headers }, signal) {
            const id = headers["spillway-activity-id"] ?? "?";
            const call = { backend: "webhook", name: `webhook.post ${id}`, limitMs: timeoutMs, signal } as const;
            return link
              .call(call, () => receive(worker, id))
              .catch((thrown: unknown): WebhookAnswer => {
                if (signal.aborted) log({ fact: "fault", worker, what: "push_cut", detail: call.name });
                return { kind: "failed", error: thrown instanceof Error ? thrown.message : String(thrown) };
              });
          },
          close() {},
        },
        filter: {
          claim: (claim, signal) => link.call({ backend: "filter", name: `filter.claim ${idOfKey(claim.key)}`, signal }, () => filter.claim(claim)),
          markDone: (mark, signal) =>
            link.call({ backend: "filter", name: `filter.markDone ${idOfKey(mark.key)}`, signal }, () => {
              log({ fact: "push_marked", worker, id: idOfKey(mark.key) });
              return filter.markDone(mark);
            }),
          giveBack: (claim, signal) => link.call({ backend: "filter", name: `filter.giveBack ${idOfKey(claim.key)}`, signal }, () => filter.giveBack(claim)),
        },
      };
    },
  };
}
