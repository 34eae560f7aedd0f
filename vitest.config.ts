import { defineConfig } from "vitest/config";

/** Unit tests stand beside the code as *.test.ts; those that need real backends are *.integration.test.ts. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.{ts,tsx}"],
          exclude: ["**/node_modules/**", "**/.next/**", "e2e/**", "**/*.integration.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "integration",
          include: ["**/*.integration.test.ts"],
          exclude: ["**/node_modules/**", "**/.next/**", "e2e/**"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // They mostly wait for their backends.
          maxWorkers: 3,
        },
      },
    ],
  },
});
