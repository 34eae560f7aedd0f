import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, type Fate, readFates } from "#infra/spike/answers.ts";
import { createHttpClient } from "#infra/spike/http-client.ts";
import type { Send, Try } from "./facts.ts";
import { bodyOf, intend, type Outgoing, type Producer, type ProducerDeps } from "./producers.ts";

const MAX_SOCKETS = 256;
/** Share of the tries that give up early, and after how long. */
const IMPATIENT_SHARE = 0.2;
const IMPATIENT_MS = 150;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1_000;
/** So many tries without an answer are no fault that passes. */
const MOST_TRIES = 300;

const SAID: Record<Fate["kind"] | "not_sent" | "unknown", Try["said"]> = { accepted: "ok", refused: "unsent", again: "unknown", not_sent: "unsent", unknown: "unknown" };
const saidOf = (fate: Fate): Try["said"] => SAID[fate.kind === "again" ? fate.as : fate.kind];

/** Takes in one answer. @returns whether it was the last for this activity. */
function settle(send: Send & { tries: Try[] }, fate: Fate, { askedN, answeredN }: { askedN: number; answeredN: number }): boolean {
  send.tries.push({ askedN, answeredN, said: saidOf(fate) });
  if (fate.kind === "accepted") {
    send.outcome = "ok";
    send.outOfOrder ||= fate.outOfOrder;
  } else if (fate.kind === "refused") send.outcome = "refused";
  else return false;
  send.answeredN = answeredN;
  return true;
}

/**
 * Through the public API, as a producer that must not lose anything: what has no answer, or a "not sent", is sent again
 * under the same id, with what else has none and in the same order, until all of a request is accepted or refused. Each try
 * goes to any of the processes, and some give up while theirs is still at it.
 * @param random 0 to 1; spreads the tries.
 */
export function createRetryingProducer({ urls, apiKey, random, ...deps }: ProducerDeps & { urls: readonly string[]; apiKey: string; random: () => number }): Producer {
  const patient = urls.map((url) => createHttpClient({ url, maxSockets: MAX_SOCKETS, apiKey }));
  const impatient = urls.map((url) => createHttpClient({ url, maxSockets: MAX_SOCKETS, apiKey, timeoutMs: IMPATIENT_MS }));
  const post = (body: string): Promise<Answer> => {
    const clients = random() < IMPATIENT_SHARE ? impatient : patient;
    return clients[Math.floor(random() * clients.length)]?.post(body) ?? Promise.reject(new Error("there is no public API"));
  };
  const { tick, log } = deps;
  return {
    async send(outgoing) {
      const mine = intend(deps, outgoing).map((send) => Object.assign(send, { tries: [] as Try[] }));
      let open: { one: Outgoing; send: Send & { tries: Try[] } }[] = outgoing.flatMap((one, position) => {
        const send = mine[position];
        return send ? [{ one, send }] : [];
      });
      for (let attempt = 1; open.length > 0 && attempt <= MOST_TRIES; attempt += 1) {
        const askedN = tick();
        const answer = await post(bodyOf(open.map(({ one }) => one)));
        const answeredN = tick();
        const fates = readFates(answer, open.length);
        log({ event: "tried", request: mine[0]?.request, attempt, fates: open.map(({ send }, at) => `${send.id} ${fates[at]?.kind ?? ""} ${fates[at] ? saidOf(fates[at]) : ""}`) });
        open = open.filter(({ send }, at) => {
          const fate = fates[at];
          return !fate || !settle(send, fate, { askedN, answeredN });
        });
        if (open.length > 0) await sleep(random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt));
      }
      return outgoing.map(() => null);
    },
    close: () => {
      for (const client of [...patient, ...impatient]) client.close();
    },
  };
}
