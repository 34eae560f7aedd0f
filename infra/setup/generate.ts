import { spawnSync } from "node:child_process";
import { accessSync } from "node:fs";

/**
 * Generates the Prisma client after an install. The CLI looks for a schema engine that it would download and that
 * generating does not use; naming any existing file keeps the install off the network.
 */
const SCHEMA_ENGINE = process.execPath;

try {
  accessSync("prisma/schema.prisma");
} catch {
  console.error("prisma/schema.prisma is missing: the checkout is not whole.");
  process.exit(1);
}
const { status, stderr, error } = spawnSync("prisma", ["generate", "--no-hints"], {
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: SCHEMA_ENGINE, PRISMA_HIDE_UPDATE_MESSAGE: "1" },
  stdio: ["ignore", "ignore", "pipe"],
  encoding: "utf8",
  shell: process.platform === "win32",
});
if (status !== 0) {
  console.error(`Could not generate the Prisma client: ${error?.message ?? stderr}`);
  process.exit(1);
}
