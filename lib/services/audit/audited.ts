import type { Actor } from "#lib/contracts/actor.ts";
import type { AuditAction, AuditOutcome } from "#lib/contracts/audit.ts";
import { jsonLine } from "#lib/contracts/log-line.ts";
import type { AuditEnd, AuditIntent, AuditLog } from "#lib/gateways/audit-log.ts";
import { isUnavailable } from "#lib/gateways/unavailable.ts";

export interface AuditContext {
  audit: Pick<AuditLog, "intent" | "outcome">;
  /** Told when an act was done and its outcome could not be written down; standard error where left out. */
  onUnwritten?: (error: unknown, intent: AuditIntent, end: AuditEnd) => void;
}

export interface AuditedAct<T> {
  ctx: AuditContext;
  actor: Actor;
  action: AuditAction;
  /** What it is done to. */
  target?: string | undefined;
  reason?: string | undefined;
  /** What was asked for and how things stood before: anything JSON can hold, never a secret. */
  asked?: unknown;
  before?: unknown;
  /** How things stand after it. */
  after?: (result: T) => unknown;
  /** For an act that tells by its result that it was not done; `done` where left out. */
  outcome?: (result: T) => AuditOutcome | { outcome: AuditOutcome; error: string };
}

/** How an act that threw ended: a 4xx is a refusal; where a backend did not answer, nobody knows. */
function endOfError(error: unknown): AuditEnd {
  const text = error instanceof Error ? error.message : String(error);
  const status = typeof error === "object" && error !== null ? Number((error as { status?: unknown }).status) : Number.NaN;
  if (status >= 400 && status < 500) return { outcome: "refused", error: text };
  return { outcome: isUnavailable(error) ? "unknown" : "failed", error: text };
}

function toStandardError(error: unknown, { actId, action }: AuditIntent, { outcome }: AuditEnd): void {
  const why = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${jsonLine({ at: new Date().toISOString(), level: "error", event: "audit_outcome_unwritten", actId, action, outcome, error: why })}\n`);
}

/**
 * Does an act with its audit: what is about to be done is written first, then how it ended. An act whose outcome cannot
 * be written stays done; its entry then has no outcome.
 * @throws AuditUnavailable when the intent cannot be written: nothing was done. Else whatever the act throws.
 */
export async function audited<T>({ ctx, after, outcome, ...intended }: AuditedAct<T>, act: () => Promise<T>): Promise<T> {
  const intent: AuditIntent = { actId: crypto.randomUUID(), ...intended };
  await ctx.audit.intent(intent);
  const write = async (end: AuditEnd): Promise<void> => {
    try {
      await ctx.audit.outcome(intent, end);
    } catch (error) {
      (ctx.onUnwritten ?? toStandardError)(error, intent, end);
    }
  };
  let result: T;
  try {
    result = await act();
  } catch (error) {
    await write(endOfError(error));
    throw error;
  }
  const said = outcome?.(result) ?? "done";
  await write({ ...(typeof said === "string" ? { outcome: said } : said), after: after?.(result) });
  return result;
}
