import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const DOWNLOAD_DEADLINE_MS = 240_000;
const PACKAGES_DEADLINE_MS = 420_000;

interface PackageManager {
  program: string;
  commands: readonly (readonly string[])[];
}

const PACKAGE_MANAGERS: readonly PackageManager[] = [
  { program: "/usr/bin/apt-get", commands: [["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]] },
  { program: "/usr/bin/dnf", commands: [["dnf", "install", "-y", "chromium"]] },
  { program: "/sbin/apk", commands: [["apk", "add", "--no-cache", "chromium"]] },
];

function run(command: readonly string[], timeout: number, env: NodeJS.ProcessEnv = process.env): boolean {
  const [program = "", ...args] = command;
  console.log(`> ${command.join(" ")}`);
  return spawnSync(program, args, { stdio: ["ignore", "inherit", "inherit"], timeout, killSignal: "SIGKILL", env }).status === 0;
}

/** `[]` for root, `["sudo", "-n"]` where sudo asks for no password, null where packages cannot be installed. */
function privilege(): readonly string[] | null {
  if (process.getuid?.() === 0) return [];
  return spawnSync("sudo", ["-n", "true"], { stdio: "ignore", timeout: 5_000 }).status === 0 ? ["sudo", "-n"] : null;
}

/** Downloads Playwright's own Chromium, with the libraries it needs where they may be installed. */
export function installPlaywrightChromium(playwrightProgram: string): boolean {
  const env = { ...process.env, PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: "10000" };
  if (!run([process.execPath, playwrightProgram, "install", "chromium"], DOWNLOAD_DEADLINE_MS, env)) return false;
  if (privilege() !== null) run([process.execPath, playwrightProgram, "install-deps", "chromium"], PACKAGES_DEADLINE_MS);
  return true;
}

/**
 * The commands that install the system's Chromium.
 * @param prefix what makes a command root's; null where nothing does.
 * @returns null where no known package manager is, or it may not be used.
 */
export function systemInstall({ prefix, exists = existsSync }: { prefix: readonly string[] | null; exists?: (path: string) => boolean }): string[][] | null {
  const manager = PACKAGE_MANAGERS.find(({ program }) => exists(program));
  if (prefix === null || !manager) return null;
  return manager.commands.map((command) => prefix.concat(command));
}

/** Installs the system's Chromium with its package manager. */
export function installSystemChromium(): boolean {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  return systemInstall({ prefix: privilege() })?.every((command) => run(command, PACKAGES_DEADLINE_MS, env)) ?? false;
}
