import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { PushFact } from "./facts.ts";

/** A webhook's receiver that takes all. */
export interface Receiver {
  url: string;
  /** What it has taken so far, in order. */
  pushes(): Promise<PushFact[]>;
  close(): Promise<void>;
}

/**
 * Starts a receiver in a thread of its own: one that shares the busy harness' thread would answer late, and a push whose
 * answer is late is made again.
 * @param facts the count shared by all facts of a run, in its first cell.
 */
export async function startReceiver({ facts }: { facts: Int32Array<SharedArrayBuffer> }): Promise<Receiver> {
  const thread = new Worker(new URL("receiver-thread.ts", import.meta.url), { workerData: { facts } });
  const [url] = (await once(thread, "message")) as [string];
  return {
    url,
    async pushes() {
      const answered = once(thread, "message"); // rejects on "error"
      thread.postMessage("pushes", []);
      const [pushes] = (await answered) as [PushFact[]];
      return pushes;
    },
    async close() {
      await thread.terminate();
    },
  };
}
