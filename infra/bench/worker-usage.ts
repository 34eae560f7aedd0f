/**
 * Preloaded (`--import`) into every process that the worker's bench measures: on SIGUSR2 it says what it has used
 * since its start. Contenders add counts of their own under `globalThis.benchCounts`.
 */
process.on("SIGUSR2", () => {
  const { user, system } = process.cpuUsage();
  const { benchCounts } = globalThis as { benchCounts?: Record<string, number> };
  process.stdout.write(
    `${JSON.stringify({ event: "usage", cpuMs: (user + system) / 1000, maxRssMb: process.resourceUsage().maxRSS / 1024, ...benchCounts })}\n`,
  );
});
