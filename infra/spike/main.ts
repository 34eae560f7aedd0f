import { access, constants } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { createHttpClient } from "./http-client.ts";
import { apiKeyFor, localApiUrl } from "./local-api.ts";
import { parseOptions, type SpikeOptions, USAGE } from "./options.ts";
import { allAccepted, progressLine, reportLines } from "./report.ts";
import { runSpike } from "./run.ts";
import { generate, replay } from "./source.ts";
import { createTally } from "./tally.ts";

const EXIT_NOT_ALL_ACCEPTED = 1;
const EXIT_USAGE = 2;
const TTY_REFRESH_MS = 200;
const LINE_EVERY_MS = 5_000;

function showProgress(line: () => string): () => void {
  const tty = process.stderr.isTTY;
  const timer = setInterval(() => process.stderr.write(tty ? `\r\u001b[K${line()}` : `${line()}\n`), tty ? TTY_REFRESH_MS : LINE_EVERY_MS);
  return () => {
    clearInterval(timer);
    if (tty) process.stderr.write("\r\u001b[K");
  };
}

/** First Ctrl-C stops reading and finishes what is under way; the second ends at once. */
function onInterrupt(stop: () => void): void {
  let asked = false;
  process.on("SIGINT", () => {
    if (asked) process.exit(130);
    asked = true;
    stop();
  });
}

async function spike(options: SpikeOptions): Promise<number> {
  const { file, url, forMs } = options;
  if (file !== null) {
    const unreadable = await access(file, constants.R_OK).then(
      () => false,
      () => true,
    );
    if (unreadable) {
      console.error(`The log ${file} cannot be read: is the path right, seen from ${process.cwd()}?`);
      return EXIT_USAGE;
    }
  }
  const apiKey = await apiKeyFor(url, process.env);
  const client = createHttpClient({ url, maxSockets: options.concurrency, apiKey });
  try {
    const why = await client.unreachable();
    if (why !== null) {
      console.error(`The public API does not answer at ${url} (${why}): run npm start in another terminal, or name another place with --url.`);
      return EXIT_NOT_ALL_ACCEPTED;
    }
    const refusal = await client.refused();
    if (refusal !== null) {
      const why = apiKey === null ? "there is no API key to send" : "it does not take the API key";
      console.error(`The public API at ${url} refuses this (${refusal}): ${why}. Put one of the scope ingest into SPILLWAY_API_KEY; npm run key:create makes one.`);
      return EXIT_NOT_ALL_ACCEPTED;
    }
    console.log(file === null ? `Sending activities of ${options.users} made-up users (seed ${options.seed}) to ${url}` : `Replaying ${file} to ${url}`);
    const tally = createTally();
    const startedAt = performance.now();
    let interrupted = false;
    onInterrupt(() => {
      interrupted = true;
    });
    const elapsed = () => performance.now() - startedAt;
    const hide = showProgress(() => progressLine(tally.counts(), elapsed()));
    try {
      await runSpike({
        ctx: { post: (body) => client.post(body), now: () => performance.now(), sleep: (ms) => sleep(ms), random: Math.random, tally },
        source: file === null ? generate({ users: options.users, seed: options.seed, now: Date.now }) : replay(file),
        stopped: () => interrupted || (forMs !== null && elapsed() >= forMs),
        concurrency: options.concurrency,
        batch: options.batch,
        ratePerSecond: options.ratePerSecond,
      });
    } finally {
      hide();
    }
    const summary = tally.summary();
    for (const line of reportLines(summary, { elapsedMs: elapsed(), stoppedEarly: interrupted })) console.log(line);
    return allAccepted(summary) ? 0 : EXIT_NOT_ALL_ACCEPTED;
  } finally {
    client.close();
  }
}

const parsed = parseOptions(process.argv.slice(2), { defaultUrl: await localApiUrl(process.env), defaultSeed: Date.now() % 2 ** 32 });
switch (parsed.kind) {
  case "help":
    console.log(USAGE);
    break;
  case "wrong":
    console.error(`${parsed.message} (npm run spike -- --help tells more)`);
    process.exitCode = EXIT_USAGE;
    break;
  case "run":
    process.exitCode = await spike(parsed.options);
}
