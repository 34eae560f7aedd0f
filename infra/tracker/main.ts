import { buildTracker } from "./build.ts";

/** `npm run tracker:build -- <folder>`: the tracker as files to serve or import. */
const [folder, ...others] = process.argv.slice(2);
if (folder === undefined || folder === "" || folder.startsWith("-") || others.length > 0) {
  console.error("Give one folder: npm run tracker:build -- <folder>");
  process.exit(2);
}
const { script, types, bytes, gzippedBytes } = await buildTracker(folder);
console.log(`${script}: ${bytes} bytes, ${gzippedBytes} gzipped`);
console.log(types);
