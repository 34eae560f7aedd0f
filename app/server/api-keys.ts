import "server-only";
import { auditContext } from "#app/server/audit.ts";
import { backend, db } from "#app/server/context.ts";
import { singleton } from "#app/server/singleton.ts";
import type { Allowed } from "#lib/contracts/actor.ts";
import { API_KEY_LIMITS, type ApiKey, type NewApiKey } from "#lib/contracts/api-keys.ts";
import type { AuditAction } from "#lib/contracts/audit.ts";
import { createApiKeys } from "#lib/gateways/api-keys.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";
import { audited } from "#lib/services/audit/audited.ts";

/** The keys of this queue's public API. */
export const apiKeys = () => singleton("apiKeys", () => createApiKeys({ db: db(), queue: backend().queue }));

type Outcome = { outcome: string; apiKey?: ApiKey };

/** Does an act on a key with its audit, which holds what is public of the key and never the key. */
export async function auditedKeyAct<T extends Outcome>(
  { allowed, action, target, asked, done }: { allowed: Allowed<"keys:manage">; action: AuditAction; target: string; asked?: unknown; done: readonly string[] },
  act: () => Promise<T>,
): Promise<T> {
  const before = action === "key.create" ? undefined : await apiKeys().find(target);
  return audited(
    {
      ctx: auditContext(),
      actor: allowed.actor,
      action,
      target,
      asked,
      before,
      after: ({ outcome, apiKey }) => (done.includes(outcome) ? apiKey : undefined),
      outcome: ({ outcome }) => (done.includes(outcome) ? "done" : { outcome: "refused", error: outcome }),
    },
    act,
  );
}

export const noSuchKey = () => new HttpProblem({ status: 404, code: "not_found", title: "There is no such key" });

/** @throws HttpProblem for all but a new key. */
export function newKeyAnswer(
  result: ({ outcome: "created" } & NewApiKey) | { outcome: "name_in_use" } | { outcome: "too_many" } | { outcome: "not_found" } | { outcome: "not_live"; apiKey: ApiKey },
): NewApiKey {
  switch (result.outcome) {
    case "created":
      return { key: result.key, apiKey: result.apiKey };
    case "name_in_use":
      throw new HttpProblem({
        status: 409,
        code: "name_in_use",
        title: `${API_KEY_LIMITS.livePerName} live keys have this name`,
        detail: `At most ${API_KEY_LIMITS.livePerName} live keys have one name. Revoke one of them first, or choose another name.`,
      });
    case "too_many":
      throw new HttpProblem({ status: 409, code: "too_many_keys", title: "There are too many live keys", detail: `A queue has at most ${API_KEY_LIMITS.live}. Revoke some first.` });
    case "not_live":
      throw new HttpProblem({ status: 409, code: "key_not_live", title: "This key has ended", detail: `It is ${result.apiKey.state}. Create a new one instead.` });
    case "not_found":
      throw noSuchKey();
    default:
      return result satisfies never;
  }
}
