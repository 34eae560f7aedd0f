import { expect, it } from "vitest";
import { licenceList } from "./licence-list.ts";
import { lockSchema } from "./supply-chain.ts";

it("names each package with its licence, marks what only builds, and gives the reason of an exception", () => {
  const lock = lockSchema.parse({
    lockfileVersion: 3,
    packages: {
      "": { version: "0.1.0" },
      "node_modules/a": { version: "1.0.0", license: "MIT" },
      "node_modules/a/node_modules/axe-core": { version: "4.0.0", license: "MPL-2.0", dev: true },
      "node_modules/bad": { version: "2.0.0", license: "AGPL-3.0-only" },
      "node_modules/unnamed": { version: "3.0.0", dev: true },
    },
  });
  expect(licenceList(lock)).toEqual([
    "a@1.0.0              MIT",
    "axe-core@4.0.0  dev  MPL-2.0  (MPL-2.0, unchanged: used by the browser tests alone)",
    "bad@2.0.0            AGPL-3.0-only",
    "unnamed@3.0.0   dev  -",
    "",
    "4 packages: 1 MIT, 1 MPL-2.0, 1 AGPL-3.0-only, 1 -",
  ]);
});
