/**
 * `node infra/entry.mjs <entry.ts> ...`: what the npm scripts run. Plain JavaScript, since without an install it runs on
 * the system's Node, which may not read TypeScript: then it says so in one line.
 */
import { existsSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const OLDEST_NODE = 24;
const major = Number(process.versions.node.split(".")[0]);

if (!existsSync(new URL("../node_modules/next/package.json", import.meta.url))) {
  console.error("Nothing is installed: run npm ci first.");
  process.exit(1);
}
if (major < OLDEST_NODE) {
  console.error(`This runs on Node ${OLDEST_NODE}, and this is ${process.version}: start it with npm, which brings its own (npm ci installs it).`);
  process.exit(1);
}
// Read TypeScript is kept, here and by children: it starts sooner, and without Node's type stripper (17 MB) in memory.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("../node_modules/.cache/node", import.meta.url));
enableCompileCache(process.env.NODE_COMPILE_CACHE);
// The entry finds its arguments as when it is run directly.
process.argv.splice(1, 1);
await import(pathToFileURL(resolve(process.argv[1] ?? "")).href);
