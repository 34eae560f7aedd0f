import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Names that systems give the browser, best first. */
const PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge"];
const USUAL_FOLDERS = ["/usr/bin", "/usr/local/bin", "/snap/bin"];
const FIXED_PLACES = [
  "/usr/lib/chromium/chromium",
  "/opt/google/chrome/chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

export interface Chromium {
  /** `playwright`: its own download, which it finds by itself; `given`: CHROMIUM_PATH; `system`: found here. */
  source: "given" | "playwright" | "system";
  path: string;
}

/**
 * Finds a Chromium: the one that CHROMIUM_PATH names, else Playwright's own, else one of the system.
 * @param playwrightPath where Playwright would have put its own.
 * @returns null when there is none; also when CHROMIUM_PATH names nothing, since then nothing else was wanted.
 */
export function findChromium({
  env,
  playwrightPath,
  exists = existsSync,
}: {
  env: Readonly<Record<string, string | undefined>>;
  playwrightPath: string;
  exists?: (path: string) => boolean;
}): Chromium | null {
  const given = env.CHROMIUM_PATH;
  if (given) return exists(given) ? { source: "given", path: given } : null;
  if (playwrightPath !== "" && exists(playwrightPath)) return { source: "playwright", path: playwrightPath };
  const folders = [...(env.PATH ?? "").split(delimiter).filter((folder) => folder !== ""), ...USUAL_FOLDERS];
  const places = [...PROGRAMS.flatMap((program) => folders.map((folder) => join(folder, program))), ...FIXED_PLACES];
  const path = places.find((place) => exists(place));
  return path === undefined ? null : { source: "system", path };
}
