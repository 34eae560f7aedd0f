import type { ReceivedMessage } from "#lib/gateways/sqs-queue.ts";
import type { Violation } from "./violation.ts";
import type { Pushing } from "./webhook.ts";
import type { Backends, Planted } from "./worker-process.ts";

/** A fault planted into a worker from outside, and the promise of which the checker must miss the keeping. */
export interface PlantedBug {
  name: string;
  /** The promise that must be seen to break, where another one breaking with it would prove little. */
  breaks?: Violation["promise"];
  /** A fresh one for each run: bugs may remember. */
  plant: () => Planted;
}

const wrap = (change: (backends: Backends) => Partial<Backends>): Planted => ({ backends: (backends) => ({ ...backends, ...change(backends) }) });

const wrapPushing = (change: (pushing: Pushing) => Partial<Pushing>): Planted =>
  wrap(({ pushing }) => ({ pushing: pushing && { ...pushing, ...change(pushing) } }));

/** A queue whose receives are noted, so that a bug can act on messages by their handles. */
function noting(backends: Backends, seen: Map<string, ReceivedMessage>): Backends["queue"]["receive"] {
  return async (...call) => {
    const messages = await backends.queue.receive(...call);
    for (const message of messages) seen.set(message.receiptHandle, message);
    return messages;
  };
}

const deathOf = (messageId: string) => `00000000-0000-4000-8000-${messageId.replaceAll("-", "").slice(0, 12)}`;

/** The failings that are seen in the field, one by one. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: "acks what it receives, before it is stored",
    plant: () =>
      wrap(({ queue }) => ({
        queue: {
          ...queue,
          receive: async (...call) => {
            const messages = await queue.receive(...call);
            if (messages.length > 0) await queue.deleteBatch(messages.map(({ receiptHandle }) => receiptHandle)).catch(() => {});
            return messages;
          },
        },
      })),
  },
  {
    name: "skips the followers of a failed message: acks them",
    plant: () =>
      wrap(({ queue }) => ({
        queue: {
          ...queue,
          changeVisibilityBatch: async (entries, cancel) => {
            const [failed, ...followers] = entries;
            const nack = failed !== undefined && failed.visibilitySeconds > 0;
            if (nack && followers.length > 0) await queue.deleteBatch(followers.map(({ receiptHandle }) => receiptHandle)).catch(() => {});
            return await queue.changeVisibilityBatch(nack ? [failed] : entries, cancel);
          },
        },
      })),
  },
  {
    name: "nacks the failed message without its followers",
    plant: () =>
      wrap(({ queue }) => ({ queue: { ...queue, changeVisibilityBatch: (entries, cancel) => queue.changeVisibilityBatch(entries.slice(0, 1), cancel) } })),
  },
  {
    name: "refills the bucket twice: each lease is charged by half",
    plant: () => wrap(({ drain }) => ({ drain: { ...drain, lease: ({ costWriteUnits, leadMs }) => drain.lease({ costWriteUnits: costWriteUnits / 2, leadMs }) } })),
  },
  {
    name: "leases without the cost",
    plant: () => wrap(({ drain }) => ({ drain: { ...drain, lease: ({ leadMs }) => drain.lease({ costWriteUnits: 0, leadMs }) } })),
  },
  {
    name: "counts attempts by the receive count",
    plant: () => ({
      acts: ({ attempts, deaths }) => ({
        deaths,
        attempts: {
          ...attempts,
          failed: async (message, cause) => {
            const counted = await attempts.failed(message, cause);
            const { receiveCount } = message as unknown as ReceivedMessage;
            return receiveCount >= 3 ? { attempts: receiveCount, decision: "die" } : counted;
          },
        },
      }),
    }),
  },
  {
    name: "completes a death without a copy in the dead-letter queue",
    plant: () =>
      wrap(({ deadLetterQueue }) => ({
        deadLetterQueue: {
          ...deadLetterQueue,
          sendBatch: async (messages) => messages.map(() => ({ ok: true, messageId: "nowhere", sequenceNumber: "0" })),
        },
      })),
  },
  {
    name: "dead-letters while Postgres is away, past the ledger",
    plant: () => ({
      acts: ({ attempts, deaths }, { deadLetterQueue }) => ({
        attempts: {
          ...attempts,
          failed: (message, cause) => attempts.failed(message, cause).catch(() => ({ attempts: 1, decision: "die" as const })),
        },
        deaths: {
          ...deaths,
          die: async (message, cause) => {
            if ((await deaths.die(message, cause)) === "completed") return "completed";
            const id = deathOf(message.messageId);
            await deadLetterQueue.sendBatch([{ groupId: id, deduplicationId: id, body: message.body, attributes: {} }]).catch(() => {});
            return "completed";
          },
        },
      }),
    }),
  },
  {
    name: "dead-letters untried followers with the failed message",
    plant: () => {
      const seen = new Map<string, ReceivedMessage>();
      return {
        backends: (backends) => ({ ...backends, queue: { ...backends.queue, receive: noting(backends, seen) } }),
        acts: ({ attempts, deaths }) => ({
          attempts,
          deaths: {
            ...deaths,
            die: async (message, cause) => {
              const own = [...seen.values()].find(({ messageId }) => messageId === message.messageId);
              for (const other of seen.values()) {
                if (other.groupId === own?.groupId && other.sequenceNumber > own.sequenceNumber) await deaths.die(other, cause);
              }
              return await deaths.die(message, cause);
            },
          },
        }),
      };
    },
  },
  {
    name: "takes what came back unprocessed for stored",
    plant: () => wrap(({ table }) => ({ table: { ...table, putBatch: async (...call) => ({ ...(await table.putBatch(...call)), unprocessed: [] }) } })),
  },
  {
    name: "takes a store without an answer for stored",
    plant: () =>
      wrap(({ table }) => ({ table: { ...table, putBatch: (...call) => table.putBatch(...call).catch(() => ({ unprocessed: [], consumedWriteUnits: 1 })) } })),
  },
  {
    name: "hides what it receives for a second only",
    plant: () => wrap(({ queue }) => ({ queue: { ...queue, receive: (request, cancel) => queue.receive({ ...request, visibilitySeconds: 1 }, cancel) } })),
  },
  {
    name: "leaves no start mark, so that a killer is never found",
    plant: () => ({
      acts: ({ attempts, deaths }) => ({
        deaths,
        attempts: { ...attempts, startMark: async () => ({ marks: 1, alone: false, attempts: 0, decision: "handle", last: null }), marksOf: async () => new Map() },
      }),
    }),
  },
  {
    name: "handles a suspected killer in company",
    plant: () => ({ acts: ({ attempts, deaths }) => ({ deaths, attempts: { ...attempts, marksOf: async () => new Map() } }) }),
  },
  {
    name: "resolves a redriven death before its message is stored",
    plant: () => ({
      backends: (backends) => ({
        ...backends,
        queue: {
          ...backends.queue,
          receive: async (...call) => {
            const messages = await backends.queue.receive(...call);
            for (const { attributes } of messages) {
              const deathId = attributes["spillway.redriveDeathId"];
              if (deathId !== undefined) await backends.ledger.resolveStored(deathId).catch(() => {});
            }
            return messages;
          },
        },
      }),
    }),
  },
  {
    name: "sweeps dead letters whose deaths are open",
    plant: () =>
      wrap(({ deadLetterQueue }) => ({
        deadLetterQueue: {
          ...deadLetterQueue,
          changeVisibilityBatch: (entries, cancel) => deadLetterQueue.deleteBatch(entries.map(({ receiptHandle }) => receiptHandle), cancel),
        },
      })),
  },
  {
    name: "takes an ack of a stale handle for done",
    breaks: "receives",
    plant: () =>
      wrap(({ queue }) => ({
        queue: { ...queue, deleteBatch: (handles, cancel) => queue.deleteBatch(handles, cancel).then(() => new Map<number, string>()) },
      })),
  },
  {
    name: "tells a user complete through what it has only received",
    breaks: "complete_through",
    plant: () => {
      const seen = new Map<string, ReceivedMessage>();
      return wrap((backends) => ({
        queue: { ...backends.queue, receive: noting(backends, seen) },
        userProgress: {
          reportPassed: (header, rows) =>
            backends.userProgress.reportPassed(
              header,
              rows.map((row) => {
                const last = [...seen.values()].findLast(({ groupId }) => groupId === row.userHash);
                return { ...row, through: last ? { sequence: last.sequenceNumber, sentAt: last.sentAt } : row.through };
              }),
            ),
        },
      }));
    },
  },
  {
    name: "marks a push before its answer is known",
    breaks: "pushes",
    plant: () =>
      wrapPushing(({ filter }) => ({
        filter: {
          ...filter,
          claim: async (claim, signal) => {
            const answer = await filter.claim(claim, signal);
            if (answer.kind === "claimed") await filter.markDone(claim, signal);
            return answer;
          },
        },
      })),
  },
  {
    name: "pushes again whatever is redelivered, past the filter",
    breaks: "pushes",
    plant: () => wrapPushing(({ filter }) => ({ filter: { ...filter, claim: (claim, signal) => filter.claim(claim, signal).then(() => ({ kind: "claimed" })) } })),
  },
  {
    name: "takes a push without an answer for made",
    breaks: "pushes",
    plant: () =>
      wrapPushing(({ webhook }) => ({
        webhook: {
          ...webhook,
          post: async (...call) => {
            const answer = await webhook.post(...call);
            return answer.kind === "failed" ? { kind: "accepted", status: 204 } : answer;
          },
        },
      })),
  },
  {
    name: "goes on to a user's next push while one has come to nothing, and makes up for it later",
    breaks: "order",
    plant: () => ({
      pushes: (pushes, clock) => ({
        ...pushes,
        push: async (held, signal) => {
          const outcome = await pushes.push(held, signal);
          if (outcome.kind !== "pushed") clock.setTimer(() => void pushes.push(held, signal), 2_000);
          return { kind: "pushed" };
        },
      }),
    }),
  },
  {
    name: "pushes before it stores",
    breaks: "pushes",
    plant: () =>
      wrap(({ table, pushing }) => ({
        table: {
          ...table,
          putBatch: async (items, signal) => {
            for (const { id } of items) await pushing?.webhook.post({ body: "{}", headers: { "spillway-activity-id": id } }, new AbortController().signal);
            return await table.putBatch(items, signal);
          },
        },
      })),
  },
];
