import type { ApiKeyScope } from "#lib/contracts/api-keys.ts";

interface PublicApiRoute {
  /** A part in braces stands for any one part, still percent-encoded. */
  path: string;
  methods: readonly string[];
  /** Scope that a key must have; null = open to anybody. */
  scope: ApiKeyScope | null;
  /** Absent = in the header. In the body: whoever serves the address checks it. */
  keyIn?: "body";
}

/** Every address of the public API. What is not listed is not served. */
export const PUBLIC_API_ROUTES = {
  postActivities: { path: "/v1/activities", methods: ["POST"], scope: "ingest" },
  postBeacon: { path: "/v1/beacon", methods: ["POST"], scope: "ingest", keyIn: "body" },
  getActivities: { path: "/v1/users/{userId}/activities", methods: ["GET"], scope: "read" },
  openApi: { path: "/v1/openapi.json", methods: ["GET", "HEAD"], scope: null },
  reference: { path: "/v1/docs", methods: ["GET", "HEAD"], scope: null },
  health: { path: "/healthz", methods: ["GET", "HEAD"], scope: null },
} as const satisfies Readonly<Record<string, PublicApiRoute>>;

export type PublicApiRouteName = keyof typeof PUBLIC_API_ROUTES;

/** Below this nothing is told to whoever has no key, but for the addresses without a scope. */
const CLOSED = "/v1/";

export type Match =
  | { kind: "route"; name: PublicApiRouteName; scope: ApiKeyScope | null; keyIn: "header" | "body"; parts: Readonly<Record<string, string>> }
  /** `needsKey`: any key will do, but one there must be. */
  | { kind: "method_not_allowed"; allowed: string; needsKey: boolean }
  | { kind: "not_found"; needsKey: boolean };

/** The parts that stand where the address has braces, or null when it is another address. */
function partsOf(served: string, path: string): Record<string, string> | null {
  if (!served.includes("{")) return served === path ? {} : null;
  const wanted = served.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const parts: Record<string, string> = {};
  for (const [position, name] of wanted.entries()) {
    const part = given[position] ?? "";
    if (!name.startsWith("{")) {
      if (name !== part) return null;
    } else if (part === "") return null;
    else parts[name.slice(1, -1)] = part;
  }
  return parts;
}

/** What a request asks for. @param path without the query. */
export function matchRoute(method: string, path: string): Match {
  const needsKey = path.startsWith(CLOSED);
  for (const [name, { path: served, methods, scope, keyIn = "header" }] of Object.entries<PublicApiRoute>(PUBLIC_API_ROUTES)) {
    const parts = partsOf(served, path);
    if (!parts) continue;
    if (!methods.includes(method)) return { kind: "method_not_allowed", allowed: methods.join(", "), needsKey };
    return { kind: "route", name: name as PublicApiRouteName, scope, keyIn, parts };
  }
  return { kind: "not_found", needsKey };
}
