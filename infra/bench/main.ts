import { parseArgs } from "node:util";
import { EXIT_USAGE } from "#infra/start/errors.ts";
import type { Bench } from "./result.ts";

/** `npm run bench -- NAME [--json] [--seconds N] [--workers N] [--only PART,...]`: one bench, its figures last. */
const BENCHES: Record<string, () => Promise<{ bench: Bench }>> = {
  drain: () => import("./drain.ts"),
  ingest: () => import("./ingest.ts"),
  worker: () => import("./worker.ts"),
};

function commandLine() {
  return parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, seconds: { type: "string" }, workers: { type: "string" }, only: { type: "string" } },
  });
}

async function main(): Promise<number> {
  let given: ReturnType<typeof commandLine>;
  try {
    given = commandLine();
  } catch (error) {
    console.error((error as Error).message.split(". ", 1)[0]);
    return EXIT_USAGE;
  }
  const { values, positionals } = given;
  const name = positionals[0] ?? "";
  const load = BENCHES[name];
  if (!load) {
    console.error(`${name === "" ? "Name a bench" : `There is no bench "${name}"`}: ${Object.keys(BENCHES).join(", ")}.`);
    return EXIT_USAGE;
  }
  for (const option of ["seconds", "workers"] as const) {
    const value = values[option];
    if (value !== undefined && !/^[1-9]\d{0,4}$/.test(value)) {
      console.error(`--${option} must be a whole number, 1 or more.`);
      return EXIT_USAGE;
    }
  }
  const { bench } = await load();
  const log = (line: string) => console.error(line);
  const result = await bench({
    ...(values.seconds !== undefined && { seconds: Number(values.seconds) }),
    ...(values.workers !== undefined && { workers: Number(values.workers) }),
    ...(values.only !== undefined && { only: values.only.split(",") }),
    log,
  });
  if (values.json) console.log(JSON.stringify({ name, ...result }));
  else for (const [key, figure] of Object.entries(result.figures)) console.log(`${key.padEnd(20)} ${figure}`);
  return 0;
}

process.exit(await main());
