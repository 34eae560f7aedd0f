import { describe, expect, test } from "vitest";
import { position, send } from "./testing/sent.ts";
import { activityBody, createWorld } from "./testing/world.ts";

describe("redeliveries", () => {
  test("leave a mark before they are stored, and are forgotten before the ack", async () => {
    const world = createWorld();
    const id = world.queue.send(activityBody("a", "a1"), { groupId: "a", receiveCount: 1 });
    world.start();
    await world.advance(1_000);
    const marked = world.events.findIndex((event) => event.event === "redelivered" && event.messageId === id);
    expect(marked).toBeGreaterThanOrEqual(0);
    expect(position(world, "storing", id)).toBeGreaterThan(marked);
    expect(world.ledger.state.calls).toContain(`clear ${id}`);
    expect(world.queue.deleted()).toEqual([id]);
  });

  test("with a mark already on it, one is handled with nothing else in the process", async () => {
    const world = createWorld();
    for (let n = 0; n < 20; n += 1) send(world, `u${n}`, [`x${n}`]);
    const lone = world.queue.send(activityBody("killer", "k1"), { groupId: "killer", receiveCount: 2 });
    for (let n = 20; n < 40; n += 1) send(world, `u${n}`, [`x${n}`]);
    world.ledger.state.marks.set(lone, 1);
    let storing = 0;
    let together = 0;
    world.table.hooks.onBatch = async (items) => {
      storing += 1;
      await new Promise<void>((resolve) => world.clock.setTimer(resolve, 30));
      if (items.some(({ id }) => id === "k1")) together = Math.max(together, storing, items.length);
      storing -= 1;
      return [];
    };
    world.start();
    await world.advance(5_000);
    expect(together).toBe(1);
    expect(world.of("storing").filter(({ alone }) => alone)).toMatchObject([{ messageIds: [lone] }]);
    expect(world.queue.entries).toHaveLength(0);
  });

  test("a lone handling is over, its mark gone, before the next one begins: it is no bystander of a killer", async () => {
    const world = createWorld();
    const marked = ["bystander", "killer"].map((user) => {
      const id = world.queue.send(activityBody(user, user), { groupId: user, receiveCount: 2 });
      world.ledger.state.marks.set(id, 1);
      return id;
    });
    send(world, "bystander", ["follower"]);
    const marksWhenStored: string[][] = [];
    world.table.hooks.onBatch = async (items) => {
      if (items.some(({ id }) => id === "killer")) marksWhenStored.push([...world.ledger.state.marks.keys()]);
      return [];
    };
    world.start();
    await world.advance(5_000);
    expect(marksWhenStored).toEqual([[marked[1]]]);
    expect(world.queue.entries).toHaveLength(0);
  });

  test("a mark that Postgres did not take back at once is no killed process: it is owed and goes before the next one", async () => {
    const world = createWorld();
    const id = world.queue.send(activityBody("a", "a1"), { groupId: "a", receiveCount: 2 });
    world.ledger.state.marks.set(id, 1);
    const marksWhenStored: unknown[] = [];
    world.table.hooks.onBatch = async () => {
      marksWhenStored.push(world.ledger.state.marks.get(id));
      if (marksWhenStored.length > 1) return [];
      // The answer is lost, and with it goes Postgres for longer than the mark is tried to be taken back.
      world.ledger.state.away = true;
      throw new DOMException("timed out", "TimeoutError");
    };
    world.start();
    await world.advance(5_000);
    expect(world.ledger.state.marks.get(id)).toBe(2);
    world.ledger.state.away = false;
    await world.advance(120_000);
    expect(marksWhenStored).toEqual([2, 1]);
    expect(world.queue.deleted()).toEqual([id]);
    expect(world.ledger.state.marks.size).toBe(0);
    expect(world.ledger.state.calls.filter((call) => call.startsWith("die"))).toEqual([]);
  });

  test("one with a death row is completed and not handled", async () => {
    const world = createWorld();
    const id = world.queue.send(activityBody("a", "a1"), { groupId: "a", receiveCount: 1 });
    const [next] = send(world, "a", ["a2"]);
    world.ledger.state.deaths.set(id, { messageId: id } as never);
    world.start();
    await world.advance(1_000);
    expect(world.ledger.state.calls).toContain(`complete ${id}`);
    expect(world.table.writes).toEqual(["a2"]);
    expect(world.queue.deleted()).toEqual([id, next]);
  });

  test("are not handled while Postgres is away", async () => {
    const world = createWorld();
    world.queue.send(activityBody("a", "a1"), { groupId: "a", receiveCount: 1 });
    send(world, "b", ["b1"]);
    world.ledger.state.away = true;
    world.start();
    await world.advance(5_000);
    expect(world.table.writes).toEqual(["b1"]);
  });
});
