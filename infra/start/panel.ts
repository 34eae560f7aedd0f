export interface PanelFacts {
  dashboardUrl: string;
  publicApiUrl: string;
  /** Where a key for it lies; null where this start made none. */
  apiKeyFile: string | null;
  /** Whether the demo people may sign in. */
  demoPeople: boolean;
  stateDirectory: string;
  /** Where the backends are, in a few words. */
  backends: string;
  tookMs: number;
  dev: boolean;
}

/** What a person needs to know once everything runs. */
export function panel({ dashboardUrl, publicApiUrl, apiKeyFile, demoPeople, stateDirectory, backends, tookMs, dev }: PanelFacts): string {
  const rows: [string, string][] = [
    ["Dashboard", `${dashboardUrl}   ${demoPeople ? "(sign in as a demo person: support, operator or admin)" : "(the first admin: npm run user:create)"}`],
    ["Public API", `${publicApiUrl}/v1/activities   (its reference: ${publicApiUrl}/v1/docs)`],
    ["API key", apiKeyFile === null ? "npm run key:create -- --name NAME --scope ingest" : `in ${apiKeyFile}   (npm run spike uses it)`],
    ["Backends", backends],
    ["State, logs", stateDirectory],
    ["Send a spike", "npm run spike -- --rate 400 --for 30s   (in another terminal; --file access.log replays a log)"],
    ["Add a worker", "npm run worker   (in another terminal)"],
    ["Stop", "Ctrl-C"],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const title = `Spillway is up${dev ? ", reloading on change" : ""} (${(tookMs / 1000).toFixed(1)} s)`;
  return ["", `  ${title}`, "", ...rows.map(([label, text]) => `  ${label.padEnd(width)}   ${text}`), ""].join("\n");
}
