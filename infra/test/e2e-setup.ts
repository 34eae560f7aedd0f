import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CLIENT, startOidcProvider } from "#infra/testing/oidc-provider.ts";

/**
 * Playwright's global setup: one `npm start` of its own for all browser tests, on free ports, with its state in a
 * temporary folder, so that it never meets one that a person runs. The build is shared with it.
 * Tests find it by SPILLWAY_STATE_DIR (env.json in it has the backends' variables), E2E_BASE_URL and E2E_API_URL; they
 * are the demo admin's by E2E_SIGNED_IN, unless one says otherwise. E2E_PROVIDER_URL is the provider of the single sign-on.
 */
const ROOT = join(import.meta.dirname, "..", "..");
const PORT_VARIABLES = ["DASHBOARD", "API", "POSTGRES", "SQS", "DYNAMODB", "CLOUDWATCH"].map((name) => `SPILLWAY_${name}_PORT`);
const READY_LINE = "Spillway is up";
const READY_DEADLINE_MS = 420_000;
const STOP_DEADLINE_MS = 60_000;
const LINES_SHOWN = 30;

/** Ports that are free now; all held open until the last is known, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      server.close();
      await once(server, "close");
      if (address === null || typeof address === "string") throw new Error("no free port was given");
      return address.port;
    }),
  );
}

/** The environment of the start: nothing in it may lead to backends elsewhere. Single sign-on is at the tests' provider. */
function environment(stateDirectory: string, ports: readonly number[], issuer: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AWS_|ACTIVITY_|DATABASE_|SPILLWAY_|PUBLIC_|OIDC_|AUTH_|TRUSTED_|NODE_OPTIONS$|FORCE_COLOR$)/.test(name));
  const oidc = { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: CLIENT.id, OIDC_CLIENT_SECRET: CLIENT.secret, OIDC_NAME: "Test Login" };
  const own = PORT_VARIABLES.map((name, index) => [name, String(ports[index])] as const);
  return { ...Object.fromEntries(kept), ...Object.fromEntries(own), ...oidc, SPILLWAY_STATE_DIR: stateDirectory, SPILLWAY_PARENT_PID: String(process.pid), NODE_ENV: "production" };
}

/** Signs the demo person of a role in, and keeps the browser state that makes a test theirs. */
async function signIn({ role, baseUrl, stateDirectory }: { role: string; baseUrl: string; stateDirectory: string }): Promise<string> {
  const answer = await fetch(`${baseUrl}/api/auth/demo`, { method: "POST", headers: { "content-type": "application/json", origin: baseUrl }, body: JSON.stringify({ role }) });
  const [name, ...value] = (answer.headers.getSetCookie()[0] ?? "").split(";")[0]?.split("=") ?? [];
  if (!answer.ok || name === undefined || name === "") throw new Error(`the demo ${role} could not sign in: ${answer.status} ${await answer.text()}`);
  const cookie = { name, value: value.join("="), domain: "127.0.0.1", path: "/", expires: -1, httpOnly: true, secure: false, sameSite: "Lax" };
  const file = join(stateDirectory, `browser-${role}.json`);
  await writeFile(file, JSON.stringify({ cookies: [cookie], origins: [] }));
  return file;
}

export default async function setup(): Promise<() => Promise<void>> {
  const stateDirectory = await mkdtemp(join(tmpdir(), "spillway-e2e-"));
  const ports = await freePorts(PORT_VARIABLES.length);
  const provider = await startOidcProvider();
  const preload = new URL("../start/die-with-parent.ts", import.meta.url).href;
  const child = spawn(process.execPath, [`--import=${preload}`, join(ROOT, "infra", "start", "main.ts")], {
    cwd: ROOT,
    env: environment(stateDirectory, ports, provider.url),
    stdio: ["pipe", "pipe", "pipe"],
  });
  const closed = once(child, "close");
  const lines: string[] = [];
  const ready = new Promise<void>((done) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        if (line.includes(READY_LINE)) done();
      });
    }
  });

  const stop = async (): Promise<void> => {
    const hard = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
    child.kill("SIGTERM");
    await closed;
    clearTimeout(hard);
    await provider.close();
    await cp(join(stateDirectory, "logs"), join(ROOT, "test-results", "logs"), { recursive: true }).catch(() => undefined);
    await rm(stateDirectory, { recursive: true, force: true });
  };

  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), READY_DEADLINE_MS);
  const outcome = await Promise.race([
    ready.then(() => "ready" as const),
    closed.then(() => "ended" as const),
    once(late.signal, "abort").then(() => "late" as const),
  ]);
  clearTimeout(timer);
  if (outcome !== "ready") {
    await stop();
    throw new Error(`npm start ${outcome === "late" ? `was not up within ${READY_DEADLINE_MS / 1000} s` : "ended"}:\n${lines.slice(-LINES_SHOWN).join("\n")}`);
  }
  process.env.SPILLWAY_STATE_DIR = stateDirectory;
  process.env.E2E_BASE_URL = `http://127.0.0.1:${ports[0]}`;
  process.env.E2E_PROVIDER_URL = provider.url;
  process.env.E2E_API_URL = `http://127.0.0.1:${ports[1]}`;
  try {
    process.env.E2E_SIGNED_IN = await signIn({ role: "admin", baseUrl: process.env.E2E_BASE_URL, stateDirectory });
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
