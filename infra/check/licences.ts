import { installed } from "./installed.ts";
import { exceptionFor, lockedPackages } from "./supply-chain.ts";

/** `npm run licences`: every installed package with its licence, what only builds and tests marked, exceptions explained. */
const packages = lockedPackages((await installed()).lock);
const width = Math.max(...packages.map(({ name, version }) => name.length + version.length + 1));
for (const one of packages) {
  const why = exceptionFor(one);
  console.log(`${`${one.name}@${one.version}`.padEnd(width)}  ${one.dev ? "dev" : "   "}  ${one.licence ?? "-"}${why === null ? "" : `  (${why})`}`);
}
const counts = Map.groupBy(packages, ({ licence }) => licence ?? "-");
console.log(`\n${packages.length} packages: ${[...counts].map(([licence, of]) => `${of.length} ${licence}`).join(", ")}`);
