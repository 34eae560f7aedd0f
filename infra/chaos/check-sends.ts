import type { Facts, Send, Try, WireFact } from "./facts.ts";

export interface SendFindings {
  /** Tries that were looked at. */
  tries: number;
  /** Queued, though each try that can have queued it was told that it surely was not: unknown was called refused. */
  calledUnsent: string[];
  /** Called accepted before the queue had it. */
  acceptedEarly: string[];
}

/** Whether a try can have put it there, by its own answer. */
const explains = ({ askedN, said }: Try, queuedN: number) => askedN < queuedN && said !== "unsent";

/**
 * Holds what producers that send again were told against what the queue took: "not sent" means that it surely is not
 * queued, also not later, and "accepted" that it is.
 */
export function checkSends({ sends, wire }: Pick<Facts, "sends" | "wire">): SendFindings {
  const queued = Map.groupBy(
    wire.filter((fact): fact is Extract<WireFact, { what: "queued" }> => fact.what === "queued"),
    ({ id }) => id,
  );
  const tried = sends.filter((send): send is Send & { tries: readonly Try[] } => send.tries !== undefined);
  const findings: SendFindings = { tries: 0, calledUnsent: [], acceptedEarly: [] };
  for (const { id, tries } of tried) {
    findings.tries += tries.length;
    const times = (queued.get(id) ?? []).map(({ n }) => n);
    if (times.some((n) => !tries.some((one) => explains(one, n)))) findings.calledUnsent.push(id);
    const firstN = Math.min(...times);
    if (tries.some(({ said, answeredN }) => said === "ok" && answeredN < firstN)) findings.acceptedEarly.push(id);
  }
  return findings;
}
