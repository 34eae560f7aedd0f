import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type Check, type HealthServer, startHealth } from "./health.ts";

const open: HealthServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function start({ port = 0, ok = true, broken = false } = {}) {
  const check: Record<string, Check> = { it: { ok, seen: "as it is" } };
  const server = await startHealth({
    host: "127.0.0.1",
    port,
    healthy: () => check,
    ready: () => ({ ...check, more: { ok: true, seen: "fine" } }),
    metrics: () => {
      if (broken) throw new Error("no metrics");
      return "a 1\n";
    },
  });
  open.push(server);
  return server;
}

describe("the health port", () => {
  test("says 200 when every check is well, and 503 when one is not", async () => {
    const well = await start();
    const answer = await fetch(`${well.url}/healthz`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ ok: true, checks: { it: { ok: true, seen: "as it is" } } });
    const unwell = await start({ ok: false });
    const ready = await fetch(`${unwell.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ ok: false, checks: { more: { ok: true } } });
  });

  test("gives metrics as Prometheus reads them, and its own fault as 500", async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/metrics?x=1`);
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(await answer.text()).toBe("a 1\n");
    const broken = await start({ broken: true });
    expect((await fetch(`${broken.url}/metrics`)).status).toBe(500);
  });

  test("knows no other path and no other method", async () => {
    const { url } = await start();
    expect((await fetch(`${url}/`)).status).toBe(404);
    expect((await fetch(`${url}/healthz`, { method: "POST" })).status).toBe(405);
    expect((await fetch(`${url}/healthz`, { method: "HEAD" })).status).toBe(200);
  });

  test("takes a free port where the wanted one is taken", async () => {
    const first = await start();
    expect(first.instead).toBeNull();
    const port = Number(new URL(first.url).port);
    const second = await start({ port });
    expect(second.instead).toBe(port);
    expect((await fetch(`${second.url}/healthz`)).status).toBe(200);
  });

  test("closes though a connection is open", async () => {
    const server = await start();
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
    const ended = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => {});
    await server.close();
    await ended;
    expect(socket.destroyed).toBe(true);
  });
});
