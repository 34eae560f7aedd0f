import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { PushFact } from "./facts.ts";

/** Runs in a thread of its own; infra/chaos/receiver.ts has the other half. */
const { facts } = workerData as { facts: Int32Array };
const parent = parentPort as MessagePort;
const pushes: PushFact[] = [];

const server = createServer((request, response) => {
  request.resume().once("end", () => {
    pushes.push({ n: Atomics.add(facts, 0, 1) + 1, id: String(request.headers["spillway-activity-id"]) });
    response.writeHead(204).end();
  });
});
server.listen(0, "127.0.0.1", () => parent.postMessage(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, []));
parent.on("message", () => parent.postMessage(pushes, []));
