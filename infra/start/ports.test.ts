import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { localConfig } from "#lib/config/local.ts";
import { checkPorts, isFree, sharedPorts } from "./ports.ts";

const open: ReturnType<typeof createServer>[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.close();
    await once(server, "close");
  }
});

async function listener(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  open.push(server);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

test("a taken port is one line: the port, what for, and the variable that moves it", async () => {
  const port = await listener();
  await expect(checkPorts([{ port, what: "the dashboard", variable: "SPILLWAY_DASHBOARD_PORT" }])).rejects.toThrow(
    `Port ${port} for the dashboard is taken: stop what listens there, or set SPILLWAY_DASHBOARD_PORT to a free port.`,
  );
});

test("free ports pass and are free afterwards", async () => {
  const port = await listener();
  const server = open.pop();
  server?.close();
  if (server) await once(server, "close");
  await checkPorts([{ port, what: "x", variable: "X" }]);
  expect(await isFree(port)).toBe(true);
});

test("waits for a port that is being given back", async () => {
  const port = await listener();
  setTimeout(() => open.pop()?.close(), 150);
  await checkPorts([{ port, what: "x", variable: "X" }], { patienceMs: 10_000 });
  expect(await isFree(port)).toBe(true);
});

test("one port for two things is a fault of the variables", () => {
  const { ports } = localConfig({ SPILLWAY_API_PORT: "3000" });
  expect(sharedPorts(Object.values(ports))).toEqual([
    "Port 3000 is given to both the dashboard and the public API: set SPILLWAY_DASHBOARD_PORT or SPILLWAY_API_PORT to another one.",
  ]);
});
