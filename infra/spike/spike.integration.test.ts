import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Verdict } from "#lib/contracts/ingest.ts";

const KEY = `sw_live_${"A".repeat(12)}_${"a".repeat(43)}`;

/** A stand-in for the public API: takes all but the type `http.trace`, and notes what it took. */
let server: Server;
let url: string;
let taken: { id: string; userId: string }[];
let directory: string;

beforeEach(async () => {
  taken = [];
  directory = await mkdtemp(join(tmpdir(), "spike-"));
  server = createServer((request, response) => {
    if (request.headers.authorization !== `Bearer ${KEY}` && request.url !== "/healthz") {
      response.writeHead(401).end(JSON.stringify({ type: "about:blank", title: "A valid API key is needed", status: 401, code: "unauthorized" }));
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.url === "/healthz") {
        response.end("{}");
        return;
      }
      const activities = JSON.parse(Buffer.concat(chunks).toString()) as { id: string; userId: string; type: string; occurredAt: string }[];
      const results = activities.map((one): Verdict => {
        if (one.type === "http.trace") return { status: "refused", field: "activities[0].type", reason: "is not liked" };
        taken.push(one);
        return { status: "accepted", id: one.id, occurredAt: one.occurredAt };
      });
      response.writeHead(207).end(JSON.stringify({ results }));
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await rm(directory, { recursive: true });
});

const spike = (...args: string[]) => spikeWith({ SPILLWAY_API_KEY: KEY }, ...args);

async function spikeWith(env: Record<string, string>, ...args: string[]) {
  const child = spawn(process.execPath, ["infra/spike/main.ts", ...args], { env: { NODE_ENV: "test", SPILLWAY_STATE_DIR: directory, ...env } });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

const line = (client: string, method: string, path: string) => `${client} - - [17/May/2015:10:05:03 +0000] "${method} ${path} HTTP/1.1" 200 1234 "-" "A/1"`;
const log = async (...lines: string[]) => {
  const path = join(directory, "sample.log");
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
};

describe("npm run spike", () => {
  it("replays a log, one user's in order, and ends with 0 when all was accepted; a replay sends the same ids", async () => {
    const path = await log(...Array.from({ length: 120 }, (_, n) => line(`192.0.2.${n % 5}`, "GET", `/${n}`)));
    const first = await spike("--file", path, "--url", url, "--batch", "7");
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/120 activities of 5 users[\s\S]*accepted +120 [\s\S]*latency +p50 .*p95 .*p99 /) });
    for (const user of new Set(taken.map((one) => one.userId))) {
      const ids = taken.filter((one) => one.userId === user).map((one) => one.id);
      expect(ids).toEqual(ids.toSorted());
    }
    const firstIds = taken.map((one) => one.id).sort();
    taken = [];
    await spike("--file", path, "--url", url);
    expect(taken.map((one) => one.id).sort()).toEqual(firstIds);
  });

  it("ends with 1 and names what was refused or not read", async () => {
    const path = await log(line("192.0.2.1", "GET", "/"), "what is this", line("192.0.2.1", "TRACE", "/"));
    const { code, stdout } = await spike("--file", path, "--url", url);
    expect(code).toBe(1);
    expect(stdout).toMatch(/accepted +1 /);
    expect(stdout).toContain("1 x type is not liked (first: line 3)");
    expect(stdout).toContain("line 2: does not begin with");
  });

  it("makes activities up at a rate, for a time", async () => {
    const { code } = await spike("--users", "20", "--rate", "100", "--for", "1s", "--url", url);
    expect(code).toBe(0);
    expect(taken.length).toBeGreaterThan(20);
    expect(taken.length).toBeLessThanOrEqual(101);
  });

  it("sends the key of the start that runs here to that start alone", async () => {
    await writeFile(join(directory, "api-key"), `${KEY}\n`);
    await writeFile(join(directory, "env.json"), JSON.stringify({ PUBLIC_API_URL: url }));
    expect(await spikeWith({}, "--rate", "50", "--for", "100ms")).toMatchObject({ code: 0 });
    await writeFile(join(directory, "env.json"), JSON.stringify({ PUBLIC_API_URL: "http://127.0.0.1:2" }));
    const elsewhere = await spikeWith({}, "--url", url);
    expect(elsewhere).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/refuses this \(401 A valid API key is needed\): there is no API key to send.*\n$/) });
    const wrong = await spikeWith({ SPILLWAY_API_KEY: "x" }, "--url", url);
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/it does not take the API key/) });
  });

  it("says in one line what is wrong", async () => {
    const oneLine = (text: string) => text.trim().split("\n").length === 1;
    const wrong = await spike("--rate", "fast");
    expect([wrong.code, wrong.stdout, oneLine(wrong.stderr)]).toEqual([2, "", true]);
    const missing = await spike("--file", join(directory, "none.log"), "--url", url);
    expect([missing.code, oneLine(missing.stderr)]).toEqual([2, true]);
    const away = await spike("--url", "http://127.0.0.1:1");
    expect(away).toMatchObject({ code: 1, stderr: expect.stringContaining("does not answer at http://127.0.0.1:1 (ECONNREFUSED)") });
    expect(oneLine(away.stderr)).toBe(true);
    expect(await spike("--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("--concurrency") });
  });
});
