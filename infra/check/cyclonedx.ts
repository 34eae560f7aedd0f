import { z } from "zod";

/** What is used of the CycloneDX document that npm writes. */
const sbomSchema = z.looseObject({
  bomFormat: z.literal("CycloneDX"),
  metadata: z.looseObject({ component: z.looseObject({ name: z.string() }) }),
  components: z.array(z.looseObject({ name: z.string() })),
});

export type Sbom = z.infer<typeof sbomSchema>;

/**
 * Reads what `npm sbom` wrote, and gives it the product's own name: npm takes the folder's.
 * @throws when it is no CycloneDX document.
 */
export function readSbom(text: string): Sbom {
  const sbom = sbomSchema.parse(JSON.parse(text));
  sbom.metadata.component.name = "spillway";
  return sbom;
}
