import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bodies, first } from "./testing/engine-fixture.ts";
import { openStore, type Store } from "./store.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sqs-store-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const START = 1_700_000_000_000;
const send = ({ engine }: Store, body: string, now: number, deduplicationId = body) =>
  first(engine.apply("send", { queue: "q.fifo", entries: [{ body, groupId: "g", deduplicationId, attributes: null }] }, now));
const receive = ({ engine }: Store, now: number, attemptId?: string) =>
  engine.apply("receive", { queue: "q.fifo", maxMessages: 10, attemptId }, now);

function openWithQueue(directory: string): Store {
  const store = openStore({ directory });
  store.engine.apply("createQueue", { name: "q.fifo", attributes: { FifoQueue: "true" } }, START);
  return store;
}

describe("a store that is opened again after its process was killed", () => {
  it("keeps messages, holds, counts, handles, attempts and the deduplication window", async () => {
    const before = openWithQueue(root);
    const original = send(before, "1", START);
    send(before, "2", START);
    const got = receive(before, START + 1_000, "try");
    await before.flushed(); // and no close: kill -9

    const after = openStore({ directory: root });
    expect(receive(after, START + 2_000)).toEqual([]);
    expect(send(after, "1", START + 3_000)).toEqual({ ...original, duplicate: true });
    expect(receive(after, START + 4_000, "try")).toEqual(got);
    expect(after.engine.apply("delete", { queue: "q.fifo", receiptHandles: [first(got).receiptHandle] }, START + 5_000)).toEqual([{ ok: true, did: "deleted" }]);
    await after.flushed();

    const third = openStore({ directory: root });
    const again = receive(third, START + 40_000);
    expect(bodies(again)).toEqual(["2"]);
    expect(first(again).receiveCount).toBe(2);
    for (const store of [before, after, third]) store.close();
  });

  it("is the same state after the journal was rewritten, which keeps it short", async () => {
    const before = openStore({ directory: root, rewriteFromBytes: 20_000 });
    before.engine.apply("createQueue", { name: "q.fifo", attributes: { FifoQueue: "true" } }, START);
    send(before, "stays", START);
    // Past the deduplication window, so that what was deleted needs no line any more.
    for (let round = 1; round <= 300; round += 1) {
      const now = START + round * 60_000;
      before.engine.apply("send", { queue: "q.fifo", entries: [{ body: "x".repeat(500), groupId: "h", deduplicationId: `${round}`, attributes: null }] }, now);
      const got = receive(before, now).filter(({ groupId }) => groupId === "h");
      before.engine.apply("delete", { queue: "q.fifo", receiptHandles: got.map(({ receiptHandle }) => receiptHandle) }, now);
    }
    await before.flushed();
    const files = readdirSync(root);
    expect(files).toHaveLength(1);
    expect(statSync(join(root, first(files))).size).toBeLessThan(40_000);
    const after = openStore({ directory: root });
    const now = START + 301 * 60_000;
    expect(after.engine.figures("q.fifo", now)).toEqual(before.engine.figures("q.fifo", now));
    expect(receive(after, now)).toEqual(receive(before, now));
    for (const store of [before, after]) store.close();
  });

  it("is the same state, whatever happened and whenever it was killed", async () => {
    let runs = 0;
    const action = fc.record({ kind: fc.constantFrom("send", "receive", "delete", "restart"), pick: fc.nat(1_000), wait: fc.nat(20_000) });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const directory = join(root, String(runs++));
        const stores = [openWithQueue(directory)];
        const handles: string[] = [];
        let now = START;
        for (const { kind, pick, wait } of actions) {
          const store = stores.at(-1) ?? openStore({ directory });
          now += wait;
          if (kind === "send") send(store, `body ${pick}`, now, String(pick));
          if (kind === "receive") handles.push(...receive(store, now).map(({ receiptHandle }) => receiptHandle));
          if (kind === "delete") store.engine.apply("delete", { queue: "q.fifo", receiptHandles: handles.slice(pick % 10, (pick % 10) + 1) }, now);
          if (kind !== "restart") continue;
          await store.flushed();
          const reopened = openStore({ directory });
          const figures = (other: Store) => ({ ...other.engine.figures("q.fifo", now), duplicates: 0 });
          expect(figures(reopened)).toEqual(figures(store));
          const messages = (other: Store) => [...other.engine.snapshot()].filter(({ kind: line }) => line === "message");
          expect(messages(reopened)).toEqual(messages(store));
          stores.push(reopened);
        }
        for (const store of stores) store.close();
      }),
      { numRuns: 40 },
    );
  });
});
