import type { Kind } from "#infra/chaos/facts.ts";
import type { Harness, RunReport } from "#infra/chaos/harness.ts";
import type { Outgoing } from "#infra/chaos/producers.ts";
import type { Scenario, ScenarioOptions } from "#infra/chaos/scenario.ts";
import { withHarness } from "#infra/chaos/with-harness.ts";

const ATTEMPTS = 3;
const WORKERS = 2;
/** Each kill hides what its process held for a visibility, and every poison is put off twice; on a busy machine it took 165 s. */
const DRAIN_SECONDS = 300;
const USERS = 20;

/** More than an item may hold (400 KB, DynamoDB API reference), and less than a message. */
const OVERSIZE = "x".repeat(420_000);

const BODIES: Partial<Record<Kind, readonly ((id: string) => string)[]>> = {
  malformed: [(id) => `not json ${id}`, (id) => `["${id}"]`, (id) => `{"v":1,"acceptedAt":"yesterday","activity":{"id":"${id}"}}`, (id) => `{"v":1,"cut":"${id}`],
  unknown_version: [(id) => JSON.stringify({ v: 999, id })],
};

/** Requests of healthy activities with poison between, for the same users: what stands behind a poison must pass. */
async function send({ traffic, direct }: Harness, { requests, killers, rejectedUser }: { requests: number; killers: number; rejectedUser: string }): Promise<string[]> {
  const killerIds: string[] = [];
  for (let request = 0; request < requests; request += 1) {
    const outgoing: Outgoing[] = Array.from({ length: 9 }, () => traffic.next());
    let poison = traffic.next();
    if (request < killers) poison = traffic.next({ kind: "killer" });
    else if (request === requests - 1) poison = traffic.next({ kind: "rejected", padding: OVERSIZE });
    else if (request % 4 === 0) poison = traffic.next({ kind: "rejected", userId: rejectedUser });
    else if (request % 4 === 1) {
      const body = BODIES.malformed?.[request % BODIES.malformed.length];
      poison = traffic.next({ kind: "malformed", ...(body && { body }) });
    } else if (request % 4 === 2) {
      const body = BODIES.unknown_version?.[0];
      poison = traffic.next({ kind: "unknown_version", ...(body && { body }) });
    }
    outgoing.splice(request % 9, 0, poison);
    const messageIds = await direct.send(outgoing);
    if (poison.kind === "killer") killerIds.push(messageIds[request % 9] ?? "");
  }
  return killerIds;
}

/** Bodies that cannot be read, items the table refuses, and messages that kill whatever process begins to store them. */
function run(options: ScenarioOptions): Promise<RunReport> {
  const killers = options.quick ? 1 : 4;
  const requests = options.quick ? 20 : 80;
  return withHarness(options, { name: "poison", attempts: ATTEMPTS, users: USERS }, async (harness) => {
    const { fleet } = harness;
    const rejectedUser = "chaos rejected user";
    await harness.rejectUsers([rejectedUser]);
    const killerIds = await send(harness, { requests, killers, rejectedUser });
    const armed = { event: "storing", signal: "SIGKILL", messageIds: killerIds } as const;
    const ending = new AbortController();
    // As the start does: a worker that died is followed by a new one.
    const keeping = Array.from({ length: WORKERS }, async () => {
      while (!ending.signal.aborted) await fleet.spawn(armed).exited;
    });
    const drainSeconds = await harness.drained(DRAIN_SECONDS);
    ending.abort();
    await fleet.stop();
    await Promise.all(keeping);
    const least = killers * ATTEMPTS;
    const most = killers * (ATTEMPTS + 2);
    const kills = fleet.kills.length;
    const broken = kills < least || kills > most ? [`${kills} processes were killed by ${killers} messages, not ${least} to ${most}`] : [];
    return await harness.judge({ drainSeconds, judgeRedo: false, extra: { killers }, broken });
  });
}

export const poison: Scenario = {
  name: "poison",
  what: "unreadable bodies, items that the table refuses, and messages that kill their worker",
  run: async (options) => [await run(options)],
};
