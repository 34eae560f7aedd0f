import type { Facts, Kind, Send, WireFact } from "./facts.ts";

/** What a check found: ids, or pairs of ids, that break a promise. Empty lists are what is promised. */
export interface Findings {
  /** ok, and neither stored nor dead; or healthy, ok and not stored. */
  lost: string[];
  /** Stored or dead though refused, or never sent. */
  unexpected: string[];
  /** More than one item or death, or an item that says something else than was sent. */
  twice: string[];
  /** [earlier, later]: the later one was acked first, or while the earlier was neither stored nor dead. */
  outOfOrder: [string, string][];
  /** Acked before it was stored or dead. */
  ackedEarly: string[];
  /** Healthy, and dead. */
  bystandersDead: string[];
  /** Poison that did not die as it must, or was not stored in the end where it was redriven. */
  poisonAlive: string[];
  /** An open death without its dead letter. */
  deathsUnsent: string[];
  /** Messages still in the queue. */
  left: number;
  /** For each message held by a killed worker: seconds from the last kill that hit its group to its ack. */
  redoSeconds: number[];
}

/** The reason each poison must die of. */
const REASONS: Partial<Record<Kind, string>> = {
  malformed: "malformed",
  unknown_version: "unknown_version",
  rejected: "rejected_by_table",
  killer: "process_killer",
};

const idsOf = (all: readonly { id: string }[]) => new Set(all.map(({ id }) => id));

/** When each activity was first this or that; n of the facts. */
interface Firsts {
  stored: Map<string, number>;
  storedCall: Map<string, number>;
  complete: Map<string, number>;
  ackAsked: Map<string, number>;
  acked: Map<string, number>;
  /** Calls that asked to store it. */
  calls: Map<string, Set<number>>;
}

function firstsOf(wire: readonly WireFact[]): Firsts {
  const firsts: Firsts = { stored: new Map(), storedCall: new Map(), complete: new Map(), ackAsked: new Map(), acked: new Map(), calls: new Map() };
  const note = (map: Map<string, number>, id: string, value: number) => {
    if (!map.has(id)) map.set(id, value);
  };
  for (const fact of wire) {
    if (fact.what === "store_asked") {
      for (const id of fact.ids) firsts.calls.set(id, (firsts.calls.get(id) ?? new Set()).add(fact.call));
    } else if (fact.what === "stored") {
      for (const id of fact.ids) {
        note(firsts.stored, id, fact.n);
        note(firsts.storedCall, id, fact.call);
        note(firsts.complete, id, fact.n);
      }
    } else if (fact.what === "dead") note(firsts.complete, fact.id, fact.n);
    else if (fact.what === "ack_asked") note(firsts.ackAsked, fact.id, fact.n);
    else if (fact.what === "acked") note(firsts.acked, fact.id, fact.n);
  }
  return firsts;
}

/**
 * Whether `b` was not accepted in the try that `a` was, and so was sent again without it, while one of its tries had no
 * answer: that one may have queued it long before, and no answer could say so any more.
 */
function leftBehind(a: Send, b: Send): boolean {
  const [acceptedN, tries = []] = [a.answeredN ?? Infinity, b.tries];
  return tries.some(({ said, answeredN }) => said !== "ok" && answeredN === acceptedN) && tries.some(({ said, answeredN }) => said === "unknown" && answeredN <= acceptedN);
}

/** Whether the producer's doings put `a` before `b`, two sends of one user. */
function precedes(a: Send, b: Send): boolean {
  if (a.outcome !== "ok" || b.outcome === "refused") return false;
  if (a.request === b.request) return a.position < b.position && !b.outOfOrder && !leftBehind(a, b);
  return a.answeredN !== null && a.answeredN < b.askedN;
}

/** Whether the later of two was through first. What shared a call with it may come back unprocessed, and only that. */
function overtook(a: Send, b: Send, firsts: Firsts): boolean {
  const ackedB = firsts.acked.get(b.id);
  if (ackedB !== undefined && (firsts.complete.get(a.id) ?? Infinity) > ackedB) return true;
  const askedB = firsts.ackAsked.get(b.id);
  if (askedB !== undefined && (firsts.ackAsked.get(a.id) ?? Infinity) > askedB) return true;
  const storedB = firsts.stored.get(b.id);
  if (storedB === undefined || (firsts.complete.get(a.id) ?? Infinity) <= storedB) return false;
  return !firsts.calls.get(a.id)?.has(firsts.storedCall.get(b.id) ?? -1);
}

/** Pairs of one user, in the order of their sends, of which `wrong` says that the later was through first. */
export function overtakes(sends: readonly Send[], wrong: (a: Send, b: Send) => boolean): [string, string][] {
  const found: [string, string][] = [];
  for (const mine of Map.groupBy(sends, ({ userId }) => userId).values()) {
    for (const a of mine) {
      // What died and was redriven has lost its place, and says so on its receipt.
      if (a.kind === "redriven") continue;
      for (const b of mine) if (b.kind !== "redriven" && precedes(a, b) && wrong(a, b)) found.push([a.id, b.id]);
    }
  }
  return found;
}

/** A message that a worker held when it was killed. */
export interface Hit {
  id: string;
  messageId: string;
  groupId: string;
  atMs: number;
  /** Whether its worker was seen to be given it. */
  seen: boolean;
}

/**
 * What killed workers held: one for each message and kill. A receive that SQS answered when its worker was dead already
 * hides its messages all the same: a hit at that time. Where the proxy had hung up with the dead worker, only SQS's count
 * tells of it, at the next receive: then it was a visibility before that, or earlier.
 */
export function hitsOf({ wire, kills, visibilityMs }: Pick<Facts, "wire" | "kills" | "visibilityMs">): Hit[] {
  const hits: Hit[] = [];
  const counts = new Map<string, number>();
  const firstKillMs = Math.min(...kills.map(({ atMs }) => atMs));
  const killedAt = new Map(kills.map(({ client, atMs }) => [client, atMs]));
  const held = new Map<string, Omit<Hit, "atMs" | "seen"> & { client: string }>();
  const events = [...wire.filter((fact) => fact.what === "received" || fact.what === "acked" || fact.what === "shown"), ...kills.map((kill) => ({ what: "kill" as const, ...kill }))];
  for (const event of events.toSorted((a, b) => a.atMs - b.atMs)) {
    if (event.what === "received") {
      const { client, id, messageId, groupId, count, atMs } = event;
      const unseenMs = atMs - visibilityMs;
      if (count > (counts.get(messageId) ?? 0) + 1 && unseenMs >= firstKillMs) hits.push({ id, messageId, groupId, atMs: unseenMs, seen: false });
      counts.set(messageId, count);
      if ((killedAt.get(client) ?? Infinity) <= atMs) hits.push({ id, messageId, groupId, atMs, seen: true });
      else held.set(messageId, event);
    } else if (event.what === "acked") held.delete(event.messageId);
    else if (event.what === "shown") {
      // A release lets go; a renewal keeps it held.
      if (event.seconds === 0) held.delete(event.messageId);
    } else {
      for (const { client, id, messageId, groupId } of held.values()) {
        if (client !== event.client) continue;
        held.delete(messageId);
        hits.push({ id, messageId, groupId, atMs: event.atMs, seen: true });
      }
    }
  }
  return hits;
}

/**
 * How long the work of killed workers took to be done again. A message waits for all of its group: counted from the
 * last kill that hit a holder of any of them.
 */
export function redoSeconds({ wire, kills, visibilityMs }: Pick<Facts, "wire" | "kills" | "visibilityMs">): number[] {
  const ackedAt = new Map<string, number>();
  for (const fact of wire) if (fact.what === "acked" && !ackedAt.has(fact.messageId)) ackedAt.set(fact.messageId, fact.atMs);
  const hits = hitsOf({ wire, kills, visibilityMs });
  const ofGroup = Map.groupBy(hits, ({ groupId }) => groupId);
  const last = new Map(hits.map((hit) => [hit.messageId, hit]));
  return Array.from(last.values(), ({ messageId, groupId }) => {
    const doneMs = ackedAt.get(messageId) ?? Infinity;
    const lastHit = Math.max(...(ofGroup.get(groupId) ?? []).map(({ atMs }) => atMs).filter((atMs) => atMs <= doneMs));
    return (doneMs - lastHit) / 1000;
  });
}

/** The part of the facts that this check looks at. */
export type Outcome = Pick<Facts, "sends" | "wire" | "items" | "deaths" | "deadLetters" | "left" | "kills" | "visibilityMs">;

/** Judges a run by what was sent, seen and left: nothing lost, nothing unexpected, once, in order. */
export function check(facts: Outcome): Findings {
  const { sends, items, deaths, deadLetters, wire } = facts;
  const firsts = firstsOf(wire);
  const sent = new Map(sends.map((send) => [send.id, send]));
  const stored = idsOf(items);
  const open = new Set(deaths.filter(({ status }) => status === "open").map(({ id }) => id));
  const inDlq = new Set(deadLetters);
  const dead = new Set([...open, ...inDlq]);

  const lost: string[] = [];
  const bystandersDead: string[] = [];
  const poisonAlive: string[] = [];
  for (const { id, kind, outcome } of sends) {
    if (kind === "healthy") {
      if (dead.has(id)) bystandersDead.push(id);
      if (outcome === "ok" && !stored.has(id)) lost.push(id);
    } else if (outcome === "ok") {
      if (!stored.has(id) && !dead.has(id)) lost.push(id);
      else if (kind === "redriven" ? !stored.has(id) || open.has(id) : !deaths.some((death) => death.id === id && death.reason === REASONS[kind])) poisonAlive.push(id);
    }
  }
  const expected = (id: string) => (sent.get(id)?.outcome ?? "refused") !== "refused";
  const copies = Map.groupBy([...items.map(({ id }) => `item ${id}`), ...deaths.map(({ id }) => `death ${id}`)], (name) => name);
  const different = items.filter(({ id, content }) => sent.has(id) && sent.get(id)?.content !== content);
  return {
    lost,
    unexpected: [...new Set([...stored, ...dead])].filter((id) => !expected(id)),
    twice: [...Array.from(copies).flatMap(([name, all]) => (all.length > 1 ? [name] : [])), ...different.map(({ id }) => `content ${id}`)],
    outOfOrder: overtakes(sends, (a, b) => overtook(a, b, firsts)),
    ackedEarly: Array.from(firsts.acked).flatMap(([id, n]) => ((firsts.complete.get(id) ?? Infinity) > n ? [id] : [])),
    bystandersDead,
    poisonAlive,
    deathsUnsent: [...open].filter((id) => !inDlq.has(id)),
    left: facts.left,
    redoSeconds: redoSeconds(facts),
  };
}

/** The promises that the findings break, in words; none = clean. @param redoLimitSeconds null = not judged. */
export function violations(findings: Findings, { redoLimitSeconds }: { redoLimitSeconds: number | null }): string[] {
  const broken: string[] = [];
  for (const name of ["lost", "unexpected", "twice", "outOfOrder", "ackedEarly", "bystandersDead", "poisonAlive", "deathsUnsent"] as const) {
    const some = findings[name];
    if (some.length > 0) broken.push(`${name}: ${some.length} (${some.slice(0, 3).map(String).join(" · ")})`);
  }
  if (findings.left > 0) broken.push(`left: ${findings.left} messages were not drained in time`);
  const slowest = Math.max(0, ...findings.redoSeconds);
  if (redoLimitSeconds !== null && slowest > redoLimitSeconds) broken.push(`redo: ${slowest} s, more than ${redoLimitSeconds} s`);
  return broken;
}
