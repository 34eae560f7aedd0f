import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { WORKER_NODE_OPTIONS } from "./node-options.ts";

it("a worker started by npm has the options of one started by the start", () => {
  const { scripts } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { scripts: Record<string, string> };
  expect(scripts.worker).toBe(`node ${WORKER_NODE_OPTIONS.join(" ")} infra/entry.mjs infra/start/run.ts worker/main.ts`);
});
