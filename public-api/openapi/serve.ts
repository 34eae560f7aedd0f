import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Headers, respondEmpty, respondText } from "#public-api/respond.ts";
import { PUBLIC_API_ROUTES } from "#public-api/routes.ts";
import { describeApi } from "./description.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { referencePage } from "./page.ts";

/** Kept so long without asking; then the ETag says whether it changed. Seconds. */
const FRESH_SECONDS = 300;
const STYLE_HASH = createHash("sha256").update(PAGE_STYLE).digest("base64");

/** Nothing runs, nothing is loaded, nothing is framed: only the page's own style, known by its hash. */
const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/** Serves a text that stays the same as long as the process lives. It is made when it is first asked for. */
function serveText(make: () => string, headers: Headers): Serve {
  let made: { text: string; etag: string } | null = null;
  return (request, response) => {
    const text = made?.text ?? make();
    made ??= { text, etag: `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"` };
    const all = { ...headers, ETag: made.etag, "Cache-Control": `public, max-age=${FRESH_SECONDS}` };
    const held = new Set((request.headers["if-none-match"] ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, "")));
    if (held.has(made.etag) || held.has("*")) respondEmpty(response, 304, all);
    else respondText(response, 200, text, all);
  };
}

/** The description and the page made from it. */
export function createReference(): { openApi: Serve; reference: Serve } {
  return {
    openApi: serveText(() => `${JSON.stringify(describeApi())}\n`, { "Content-Type": "application/json" }),
    reference: serveText(() => referencePage(describeApi(), { descriptionPath: PUBLIC_API_ROUTES.openApi.path }), {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": PAGE_POLICY,
      "Referrer-Policy": "no-referrer",
    }),
  };
}
