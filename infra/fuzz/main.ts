import { parseArgs } from "node:util";
import { EXIT_USAGE } from "#infra/start/errors.ts";
import { fuzz } from "./run.ts";

const USAGE = "npm run fuzz -- [--bodies 100000] [--seed N] [--json]";

function commandLine(): { bodies: number; seed: number; json: boolean } | string {
  try {
    const { values } = parseArgs({ options: { bodies: { type: "string", default: "100000" }, seed: { type: "string" }, json: { type: "boolean", default: false } } });
    const { bodies, seed = String(Math.floor(Math.random() * 1_000_000_000)), json } = values;
    if (!/^[1-9]\d{0,7}$/.test(bodies)) return "--bodies must be a whole number, 1 or more.";
    return /^\d{1,9}$/.test(seed) ? { bodies: Number(bodies), seed: Number(seed), json } : "--seed must be a whole number.";
  } catch (error) {
    return (error as Error).message.split(". ", 1)[0] ?? "";
  }
}

/** `npm run fuzz`: random bodies against the real public API; exits with 1 where one breaks what is promised of it. */
async function main(): Promise<number> {
  const given = commandLine();
  if (typeof given === "string") {
    console.error(`${given}\n${USAGE}`);
    return EXIT_USAGE;
  }
  const { bodies, seed, json } = given;
  console.error(`${bodies} bodies, seed ${seed}`);
  const { figures, violations } = await fuzz({ bodies, seed, log: (line) => console.error(line) });
  if (json) console.log(JSON.stringify({ name: "fuzz", figures, violations }));
  else for (const [name, figure] of Object.entries(figures)) console.log(`${name.padEnd(20)} ${figure}`);
  return violations.length > 0 ? 1 : 0;
}

process.exit(await main());
