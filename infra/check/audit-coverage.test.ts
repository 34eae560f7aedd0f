import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ENDPOINTS } from "#lib/auth/permissions.ts";
import { AUDIT_ACTIONS, type AuditAction } from "#lib/contracts/audit.ts";
import { endpointsOf } from "./endpoints.ts";

interface Audited {
  actions: AuditAction[];
  /** Where the act is named, if not in the route's own file. */
  file?: string;
}
/** Why an endpoint writes nothing. */
type Unaudited = string;

const NO_ROUTE = "answers 404 at every address that no other route has";
const READS = "changes nothing: a read by POST, since what is looked for must not stand in an address";
const SIGN_IN = "lib/auth/sign-in.ts";

/** What each unsafe endpoint of the dashboard writes into the audit log. One without a row here does not pass. */
const AUDIT: Readonly<Record<string, Audited | Unaudited>> = {
  "DELETE /api/[[...rest]]": NO_ROUTE,
  "PATCH /api/[[...rest]]": NO_ROUTE,
  "POST /api/[[...rest]]": NO_ROUTE,
  "PUT /api/[[...rest]]": NO_ROUTE,
  "POST /api/activities/search": `${READS}; a search leaves no row yet (docs/security.md)`,
  "POST /api/audit/export": { actions: ["audit.export"], file: "app/server/audit-export.ts" },
  "POST /api/audit/verify": "changes nothing: it walks the chain, by POST since it costs",
  // A GET by the way of the sign-on, and an act all the same.
  "GET /api/auth/callback/oidc": { actions: ["session.sign_in"], file: "lib/auth/single-sign-on.ts" },
  "POST /api/auth/demo": { actions: ["session.sign_in"], file: SIGN_IN },
  "POST /api/auth/link": { actions: ["session.sign_in", "person.set_password"], file: SIGN_IN },
  "POST /api/auth/password": { actions: ["person.change_password"], file: "lib/auth/change-password.ts" },
  "POST /api/auth/sign-in": { actions: ["session.sign_in"], file: SIGN_IN },
  "POST /api/auth/sign-out": { actions: ["session.sign_out"], file: "lib/auth/sign-out.ts" },
  "POST /api/auth/single-sign-on": "nobody is signed in yet: the way back from the provider is audited",
  "POST /api/dead-letters/[id]/reveal": { actions: ["dead_letter.reveal"] },
  "POST /api/dead-letters/search": `${READS}; no body leaves whole, which is what the reveal is for`,
  "POST /api/drain": { actions: ["drain.rate"] },
  "POST /api/drain/mode": { actions: ["drain.mode"] },
  "DELETE /api/drain/override": { actions: ["drain.override_end"] },
  "POST /api/drain/override": { actions: ["drain.override"] },
  "POST /api/drain/pause": { actions: ["drain.pause"] },
  "POST /api/drain/resume": { actions: ["drain.resume"] },
  "POST /api/keys": { actions: ["key.create"] },
  "POST /api/keys/[id]/revoke": { actions: ["key.revoke"] },
  "POST /api/keys/[id]/rotate": { actions: ["key.rotate"] },
  "POST /api/people": { actions: ["person.invite"] },
  "POST /api/people/[id]/link": { actions: ["person.link"] },
  "POST /api/people/[id]/role": { actions: ["person.role"] },
  "POST /api/people/[id]/sessions": { actions: ["session.end"] },
  "POST /api/people/[id]/state": { actions: ["person.disable", "person.enable"] },
  "POST /api/redrives": { actions: ["redrive.start"] },
};

/** What no endpoint does. */
const BY_SCRIPTS: readonly AuditAction[] = ["person.create"];

const ROOT = join(import.meta.dirname, "..", "..");
const audited = Object.entries(AUDIT).filter((row): row is [string, Audited] => typeof row[1] !== "string");

describe("the audit log", async () => {
  const endpoints = new Map((await endpointsOf(ROOT)).map(({ name, file }) => [name, file]));

  it("is written by every unsafe endpoint, or a reason stands here why not", () => {
    const unsafe = [...new Set([...Object.keys(ENDPOINTS), ...endpoints.keys()])].filter((name) => !name.startsWith("GET ") && !name.startsWith("HEAD "));
    expect(unsafe.length).toBeGreaterThan(25);
    expect(unsafe.filter((name) => !(name in AUDIT))).toEqual([]);
    expect(Object.keys(AUDIT).filter((name) => !(name in ENDPOINTS))).toEqual([]);
  });

  it.each(audited)("%s names its acts where it does them", async (name, { actions, file = endpoints.get(name) ?? "" }) => {
    const source = await readFile(join(ROOT, file), "utf8");
    for (const action of actions) expect(source, `${action} in ${file}`).toContain(`"${action}"`);
  });

  it("has no action that nothing does", () => {
    const done = new Set([...audited.flatMap(([, { actions }]) => actions), ...BY_SCRIPTS]);
    expect(Object.keys(AUDIT_ACTIONS).filter((action) => !done.has(action as AuditAction))).toEqual([]);
  });
});
