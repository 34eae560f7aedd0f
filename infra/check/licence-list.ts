import { exceptionFor, type Lock, lockedPackages } from "./supply-chain.ts";

/** One line for each installed package: its licence, whether it only builds and tests, why an exception is made; then the counts. */
export function licenceList(lock: Lock): string[] {
  const packages = lockedPackages(lock);
  const width = Math.max(...packages.map(({ name, version }) => name.length + version.length + 1));
  const lines = packages.map((one) => {
    const why = exceptionFor(one);
    return `${`${one.name}@${one.version}`.padEnd(width)}  ${one.dev ? "dev" : "   "}  ${one.licence ?? "-"}${why === null ? "" : `  (${why})`}`;
  });
  const counts = Map.groupBy(packages, ({ licence }) => licence ?? "-");
  lines.push("", `${packages.length} packages: ${[...counts].map(([licence, of]) => `${of.length} ${licence}`).join(", ")}`);
  return lines;
}
