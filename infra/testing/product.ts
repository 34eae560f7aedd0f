import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

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

/** The environment of the start: nothing in it may lead to backends elsewhere. */
function environment(stateDirectory: string, ports: readonly number[]): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(AWS_|ACTIVITY_|DATABASE_|SPILLWAY_|PUBLIC_|OIDC_|AUTH_|TRUSTED_|NODE_OPTIONS$|FORCE_COLOR$)/.test(name));
  const own = PORT_VARIABLES.map((name, index) => [name, String(ports[index])] as const);
  return { ...Object.fromEntries(kept), ...Object.fromEntries(own), SPILLWAY_STATE_DIR: stateDirectory, SPILLWAY_PARENT_PID: String(process.pid), NODE_ENV: "production" };
}

export type Product = Awaited<ReturnType<typeof startProduct>>;

/**
 * One `npm start` of its own: on free ports, with its state in a temporary folder, so that it never meets one that a
 * person runs. The build is shared with it.
 * @param env beside what it needs. @param stopped told the state folder when all is stopped, before that is removed.
 * @throws with the last lines that it wrote, when it does not come up.
 */
export async function startProduct({ env = {}, stopped = async () => undefined }: { env?: Record<string, string>; stopped?: (stateDirectory: string) => Promise<void> } = {}) {
  const stateDirectory = await mkdtemp(join(tmpdir(), "spillway-product-"));
  const ports = await freePorts(PORT_VARIABLES.length);
  const preload = new URL("../start/die-with-parent.ts", import.meta.url).href;
  const child = spawn(process.execPath, [`--import=${preload}`, join(ROOT, "infra", "start", "main.ts")], {
    cwd: ROOT,
    env: { ...environment(stateDirectory, ports), ...env },
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

  const close = async (): Promise<void> => {
    const hard = setTimeout(() => child.kill("SIGKILL"), STOP_DEADLINE_MS);
    child.kill("SIGTERM");
    await closed;
    clearTimeout(hard);
    await stopped(stateDirectory);
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
    await close();
    throw new Error(`npm start ${outcome === "late" ? `was not up within ${READY_DEADLINE_MS / 1000} s` : "ended"}:\n${lines.slice(-LINES_SHOWN).join("\n")}`);
  }
  const dashboardUrl = `http://127.0.0.1:${ports[0]}`;
  return {
    stateDirectory,
    dashboardUrl,
    apiUrl: `http://127.0.0.1:${ports[1]}`,
    /** The start's own key. */
    apiKey: async () => (await readFile(join(stateDirectory, "api-key"), "utf8")).trim(),
    /** Signs the demo person of a role in. @returns the session's cookie, name and value. */
    async signIn(role: string): Promise<string> {
      const answer = await fetch(`${dashboardUrl}/api/auth/demo`, { method: "POST", headers: { "content-type": "application/json", origin: dashboardUrl }, body: JSON.stringify({ role }) });
      const cookie = (answer.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
      if (!answer.ok || !cookie.includes("=")) throw new Error(`the demo ${role} could not sign in: ${answer.status} ${await answer.text()}`);
      return cookie;
    },
    close,
  };
}
