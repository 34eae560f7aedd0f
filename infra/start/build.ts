import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startChild } from "./child.ts";
import { StartError } from "./errors.ts";
import type { LogFile } from "./log-file.ts";
import { sourceHash } from "./source-hash.ts";

const BUILD_DEADLINE_MS = 300_000;
const nextProgram = (root: string) => join(root, "node_modules", "next", "dist", "bin", "next");
const markFile = (root: string) => join(root, ".next", "source-hash");

/** Whether the built web app was made from the sources as they are. */
async function isFresh(root: string, hash: string): Promise<boolean> {
  const [mark, buildId] = await Promise.all([
    readFile(markFile(root), "utf8").catch(() => ""),
    readFile(join(root, ".next", "BUILD_ID"), "utf8").catch(() => ""),
  ]);
  return buildId !== "" && mark === hash;
}

/**
 * Builds the web app when there is no build of these sources.
 * @throws StartError with the end of the build's log.
 */
export async function ensureBuild({
  root,
  env,
  log,
  tell,
}: {
  root: string;
  env: Readonly<Record<string, string>>;
  log: LogFile;
  tell: (line: string) => void;
}): Promise<"fresh" | "built"> {
  const hash = await sourceHash(root);
  if (await isFresh(root, hash)) return "fresh";
  tell("building the web app (once per version, about half a minute) ...");
  const child = startChild({
    args: [nextProgram(root), "build"],
    cwd: root,
    env: { ...env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" },
    log,
  });
  const late = setTimeout(() => child.kill(), BUILD_DEADLINE_MS);
  const how = await child.exited;
  clearTimeout(late);
  if (how !== "exit code 0") throw new StartError(`The web app could not be built (${how}). The end of ${log.file}:\n${log.tail()}`);
  await writeFile(markFile(root), hash);
  return "built";
}

/** Arguments of node that serve the web app, built or (dev) as it is being written. */
export function webArguments(root: string, { dev, host, port }: { dev: boolean; host: string; port: number }): string[] {
  return [nextProgram(root), dev ? "dev" : "start", "--hostname", host, "--port", String(port)];
}
