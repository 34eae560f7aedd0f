import { expect, it } from "vitest";
import { readSbom } from "./cyclonedx.ts";

const written = { bomFormat: "CycloneDX", specVersion: "1.5", metadata: { component: { name: "a-folder", version: "0.1.0" } }, components: [{ name: "x", version: "1.0.0" }] };

it("names the product, not its folder, and keeps all else", () => {
  expect(readSbom(JSON.stringify(written))).toEqual({ ...written, metadata: { component: { name: "spillway", version: "0.1.0" } } });
});

it.each([
  ["what is no JSON", "npm ERR!"],
  ["another format", JSON.stringify({ ...written, bomFormat: "SPDX" })],
  ["a document without components", JSON.stringify({ ...written, components: undefined })],
  ["a component without a name", JSON.stringify({ ...written, components: [{ version: "1.0.0" }] })],
])("refuses %s", (_, text) => {
  expect(() => readSbom(text)).toThrow();
});
