import { parseArgs } from "node:util";
import type { Bench } from "./result.ts";

/** `npm run bench -- NAME [--json] [--seconds N] [--workers N]`: one bench, its figures last. */
const BENCHES: Record<string, () => Promise<{ bench: Bench }>> = {
  drain: () => import("./drain.ts"),
  worker: () => import("./worker.ts"),
};

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, seconds: { type: "string" }, workers: { type: "string" } },
  });
  const name = positionals[0] ?? "";
  const load = BENCHES[name];
  if (!load) {
    console.error(`${name === "" ? "Name a bench" : `There is no bench "${name}"`}: ${Object.keys(BENCHES).join(", ")}.`);
    return 64;
  }
  for (const option of ["seconds", "workers"] as const) {
    const value = values[option];
    if (value !== undefined && !/^[1-9]\d{0,4}$/.test(value)) {
      console.error(`--${option} must be a whole number, 1 or more.`);
      return 64;
    }
  }
  const { bench } = await load();
  const log = (line: string) => console.error(line);
  const result = await bench({
    ...(values.seconds !== undefined && { seconds: Number(values.seconds) }),
    ...(values.workers !== undefined && { workers: Number(values.workers) }),
    log,
  });
  if (values.json) console.log(JSON.stringify({ name, ...result }));
  else for (const [key, figure] of Object.entries(result.figures)) console.log(`${key.padEnd(20)} ${figure}`);
  return 0;
}

process.exit(await main());
