import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type APIRequestContext, expect } from "@playwright/test";

/** Files that are served as they are, with no code behind them. */
export const STATIC_ROUTES: ReadonlySet<string> = new Set(["/icon.svg"]);
/** Built by Next itself for what went wrong. */
export const NEXTS_OWN: ReadonlySet<string> = new Set(["/_not-found", "/_global-error"]);

export interface BuiltEndpoint {
  /** `GET /api/drain`, as the permission table has it. */
  name: string;
  method: string;
  /** With values for its parameters that fit, but lead to nothing. */
  path: string;
  kind: "page" | "route";
}

/** One of the manifests that the build leaves in .next. */
export async function built(file: string): Promise<unknown> {
  return JSON.parse(await readFile(join(".next", file), "utf8"));
}

/** Any value that a parameter takes: nothing has this id. */
function pathOf(pattern: string): string {
  return pattern.replace("/api/keys/[id]", "/api/keys/AAAAAAAAAAAA").replaceAll(/\[{1,2}(\.\.\.)?\w+\]{1,2}/g, randomUUID());
}

/** Every page that the build holds. */
export async function builtPages(): Promise<BuiltEndpoint[]> {
  const routes = (await built("app-path-routes-manifest.json")) as Record<string, string>;
  const pages = Object.entries(routes).filter(([source, pattern]) => source.endsWith("/page") && !NEXTS_OWN.has(pattern));
  return pages.map(([, pattern]) => ({ name: `GET ${pattern}`, method: "GET", path: pathOf(pattern), kind: "page" }));
}

/** Every route that the build holds, by method. @param request anybody's: the server itself says the methods. */
export async function builtRoutes(request: APIRequestContext): Promise<BuiltEndpoint[]> {
  const routes = (await built("app-path-routes-manifest.json")) as Record<string, string>;
  const found: BuiltEndpoint[] = [];
  for (const [source, pattern] of Object.entries(routes)) {
    if (source.endsWith("/page") || NEXTS_OWN.has(pattern) || STATIC_ROUTES.has(pattern)) continue;
    const path = pathOf(pattern);
    const { allow = "" } = (await request.fetch(path, { method: "OPTIONS" })).headers();
    const methods = allow.split(",").map((method) => method.trim()).filter((method) => !["", "HEAD", "OPTIONS"].includes(method));
    expect(methods.length, `${pattern} says no methods`).toBeGreaterThan(0);
    found.push(...methods.map((method) => ({ name: `${method} ${pattern}`, method, path, kind: "route" as const })));
  }
  return found;
}
