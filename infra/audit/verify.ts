import { runVerify } from "./run.ts";

process.exitCode = await runVerify({ args: process.argv.slice(2), env: process.env, print: console.log, fail: console.error });
