import { defineConfig } from "oxlint";

/**
 * Import boundaries. Every import that leaves its own folder is written with a `#` alias (parent paths are an
 * error), so the zone table below decides them all; no cycles anywhere.
 * A zone may import: itself by "./", the packages and the zones listed. "node:*" and npm packages are open unless
 * `packages` closes them.
 */
interface Zone {
  files: string[];
  zones: string[];
  /** When given, the only packages allowed. */
  packages?: string[];
  why: string;
  /** Files of one zone that must not import each other (siblings). */
  noSiblings?: boolean;
  /** May use the generated Prisma client. */
  prisma?: boolean;
}

const zone = (...names: string[]) => names.map((name) => `#${name}/**`);
const CONTRACTS = "lib/contracts";
const DOMAIN = "lib/domain";
const CONFIG = "lib/config";
const GATEWAYS = "lib/gateways";
const SERVICES = "lib/services/*";
const VIEW = "lib/view";
const AUTH = "lib/auth";

const PRISMA = "#prisma/**";

/** The last row that matches a file is the one in force, so the wide ones come first. */
const ZONES: Zone[] = [
  { files: ["lib/**", "components/**", "prisma/**"], zones: [], why: "this folder has no row in oxlint.config.ts: give it one" },
  { files: ["lib/contracts/**"], zones: [CONTRACTS], packages: ["zod"], why: "contracts import zod only" },
  { files: ["lib/domain/**"], zones: [CONTRACTS, DOMAIN], packages: ["node:crypto"], why: "domain is pure: contracts only, no I/O" },
  { files: ["lib/view/**"], zones: [CONTRACTS, DOMAIN, VIEW], packages: [], why: "view is pure: contracts and domain only" },
  { files: ["lib/client/**"], zones: [CONTRACTS, "lib/client"], packages: ["react", "@tanstack/react-query", "zod"], why: "client imports contracts only" },
  { files: ["lib/config/**"], zones: [CONTRACTS, CONFIG], why: "config stands below everything" },
  { files: ["lib/gateways/**"], zones: [CONTRACTS, DOMAIN, CONFIG], why: "a gateway imports contracts, domain and config, never a sibling gateway", noSiblings: true, prisma: true },
  { files: ["lib/services/**"], zones: [CONTRACTS, DOMAIN, CONFIG, GATEWAYS], why: "a service imports gateways, domain, contracts and config, never another noun" },
  { files: ["lib/auth/**"], zones: [CONTRACTS, DOMAIN, CONFIG, GATEWAYS, SERVICES, AUTH], why: "auth imports services and what they stand on" },
  { files: ["lib/http/**"], zones: [CONTRACTS, CONFIG, GATEWAYS, AUTH, "lib/http"], why: "http imports contracts, config, gateways and auth" },
  { files: ["lib/local/**"], zones: [CONTRACTS, DOMAIN, CONFIG, "lib/local"], why: "the stand-ins stand alone" },
  { files: ["lib/tracker/**"], zones: [], packages: [], why: "the tracker goes into other people's pages: it imports nothing from outside its folder" },
  {
    files: ["components/*/**"],
    zones: ["components/ui", "components/charts", VIEW, "lib/client", CONTRACTS],
    why: "a feature imports ui, charts, view, client and contracts, never another feature",
  },
  { files: ["components/ui/**"], zones: ["components/ui", VIEW, CONTRACTS], why: "ui primitives do not fetch and know no feature" },
  { files: ["components/charts/**"], zones: ["components/charts", "components/ui", VIEW], why: "charts draw a prepared model" },
  {
    files: ["app/**"],
    zones: ["app", "components", CONTRACTS, DOMAIN, CONFIG, GATEWAYS, SERVICES, VIEW, AUTH, "lib/client", "lib/http"],
    why: "app imports everything but worker, public-api and lib/local",
  },
  {
    files: ["worker/**"],
    zones: ["worker", CONTRACTS, DOMAIN, CONFIG, GATEWAYS, SERVICES],
    why: "the worker imports services, gateways, domain, contracts and config",
  },
  {
    files: ["public-api/**"],
    zones: ["public-api", CONTRACTS, DOMAIN, CONFIG, GATEWAYS, SERVICES],
    why: "the public API imports services, gateways, domain, contracts and config",
  },
  {
    files: ["infra/**"],
    zones: ["infra", "worker", "public-api", CONTRACTS, DOMAIN, CONFIG, GATEWAYS, SERVICES, AUTH, "lib/local", "lib/tracker"],
    why: "tools know no page and no browser code",
  },
  { files: ["e2e/**"], zones: ["e2e", CONTRACTS], why: "e2e sees what a person and a producer see: contracts only" },
  { files: ["e2e/permissions.spec.ts"], zones: ["e2e", CONTRACTS, AUTH], why: "beyond what e2e sees, it reads the permission table that it holds the server against" },
];

const TEST_FILES = ["**/*.test.ts", "**/*.test.tsx"];
const parents = { group: ["../**"], message: "Leave the folder by a # alias, so that the boundaries see it." };

function boundaries({ zones, packages, why, noSiblings, prisma }: Zone) {
  const allowed = zones.flatMap((name) => zone(name).map((pattern) => `!${pattern}`));
  const patterns: { group: string[]; message: string }[] = [
    parents,
    { group: ["#**", "#*/**", ...allowed, ...(prisma ? [`!${PRISMA}`] : [])], message: why },
  ];
  if (packages) patterns.push({ group: ["*", "*/**", "@*/**", "!#**", "!./**", ...packages.map((name) => `!${name}`)], message: why });
  if (noSiblings) patterns.push({ group: ["./**"], message: why });
  if (!zones.includes(AUTH)) patterns.push(noPeople);
  return { patterns };
}

/** The public API takes keys and knows no people; it must not load what signs them in. */
const noPeople = { group: ["better-auth", "better-auth/**", "@better-auth/**"], message: "only lib/auth signs people in" };

/** Charts are drawn in one folder only. */
const rechartsOnlyInCharts = { name: "recharts", message: "only components/charts draws with recharts" };

/** What serves a person asks who they are: the right that a script gives itself is no way round. */
const scriptsOnlyInInfra = { name: "#lib/auth/scripts.ts", message: "only scripts, in infra, give themselves a right" };

/** By name, since a pattern does not close what a zone of the row opens. */
function closedPaths({ files }: Zone) {
  const within = (folder: string) => files.every((file) => file.startsWith(folder));
  return [...(within("components/charts/") ? [] : [rechartsOnlyInCharts]), ...(within("infra/") ? [] : [scriptsOnlyInInfra])];
}

export default defineConfig({
  ignorePatterns: ["node_modules", ".next", "prisma/generated", ".spillway", "next-env.d.ts", "test-results", "playwright-report"],
  plugins: ["typescript", "import", "react", "jsx-a11y", "unicorn", "oxc", "nextjs", "promise", "node"],
  categories: { correctness: "error", suspicious: "error", perf: "error" },
  rules: {
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "oxc/no-barrel-file": ["error", { threshold: 0 }],
    "import/no-unassigned-import": "off", // style sheets and server-only are imported for their effect
    "react/react-in-jsx-scope": "off", // the new JSX transform needs no import
    "import/no-named-as-default-member": "off", // fast-check documents its default import
    "unicorn/no-array-sort": "off",
    "unicorn/consistent-function-scoping": "off",
    "no-await-in-loop": "off", // order per user is the product: loops that wait are meant
    "no-underscore-dangle": "off",
    "no-shadow": "off",
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/await-thenable": "error",
    "typescript/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    "typescript/no-explicit-any": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/no-unsafe-type-assertion": "off",
    "typescript/no-non-null-assertion": "error",
    "node/no-process-env": "error",
    "no-console": "error",
    eqeqeq: "error",
    "no-restricted-imports": ["error", { patterns: [parents] }],
  },
  overrides: [
    ...ZONES.map((entry) => ({
      files: entry.files,
      excludeFiles: TEST_FILES,
      rules: {
        "no-restricted-imports": [
          "error",
          { ...boundaries(entry), paths: closedPaths(entry) },
        ] as ["error", object],
      },
    })),
    // process.env is read in lib/config, and by the tools that set up a process. Next's NEXT_RUNTIME must stand where it is used.
    { files: ["lib/config/**", "infra/**", "e2e/**", "*.config.ts", "instrumentation.ts"], rules: { "node/no-process-env": "off" } },
    // Tools talk to a terminal.
    { files: ["infra/**"], rules: { "no-console": "off" } },
  ],
});
