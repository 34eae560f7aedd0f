import type { Permission, Role } from "#lib/contracts/actor.ts";

/** Who may do what. The one place where it is said: all that asks, asks here. */
export const PERMISSIONS = {
  "queue:read": ["support", "operator", "admin"],
  "drain:write": ["operator", "admin"],
  "dead_letters:read": ["support", "operator", "admin"],
  "dead_letters:reveal": ["support", "operator", "admin"],
  "dead_letters:act": ["admin"],
  "activity:search": ["support", "admin"],
  "activity:erase": ["admin"],
  "people:manage": ["admin"],
  "keys:manage": ["admin"],
  "audit:read": ["admin"],
} as const satisfies Readonly<Record<Permission, readonly Role[]>>;

/** What an endpoint asks for: a right, any signed-in person, or nothing at all. */
export type Requirement = Permission | "any_role" | "public";

/**
 * Every page and route of the dashboard and what it asks for, by method and pattern as Next writes it. A page is
 * GET. One that has no row here does not pass the tests.
 */
export const ENDPOINTS: Readonly<Record<string, Requirement>> = {
  "GET /": "queue:read",
  "GET /.well-known/security.txt": "public",
  "GET /activity": "activity:search",
  "GET /audit": "audit:read",
  "GET /dead-letters": "dead_letters:read",
  "GET /dead-letters/runs/[id]": "dead_letters:read",
  "GET /invitation": "public",
  "GET /keys": "keys:manage",
  "GET /people": "people:manage",
  "GET /sign-in": "public",
  // Answers at every address that no other route has, with 404.
  "DELETE /api/[[...rest]]": "public",
  "GET /api/[[...rest]]": "public",
  "PATCH /api/[[...rest]]": "public",
  "POST /api/[[...rest]]": "public",
  "PUT /api/[[...rest]]": "public",
  "POST /api/activities/search": "activity:search",
  "GET /api/audit": "audit:read",
  "POST /api/audit/export": "audit:read",
  "POST /api/audit/verify": "audit:read",
  "GET /api/auth/callback/oidc": "public",
  "POST /api/auth/demo": "public",
  "POST /api/auth/link": "public",
  "POST /api/auth/password": "any_role",
  "POST /api/auth/sign-in": "public",
  "POST /api/auth/sign-out": "any_role",
  "POST /api/auth/single-sign-on": "public",
  "GET /api/dead-letters/[id]": "dead_letters:read",
  "POST /api/dead-letters/[id]/reveal": "dead_letters:reveal",
  "GET /api/dead-letters/failing": "dead_letters:read",
  "POST /api/dead-letters/search": "dead_letters:read",
  "GET /api/drain": "queue:read",
  "POST /api/drain": "drain:write",
  "POST /api/drain/mode": "drain:write",
  "DELETE /api/drain/override": "drain:write",
  "POST /api/drain/override": "drain:write",
  "POST /api/drain/pause": "drain:write",
  "POST /api/drain/resume": "drain:write",
  "GET /api/keys": "keys:manage",
  "POST /api/keys": "keys:manage",
  "POST /api/keys/[id]/revoke": "keys:manage",
  "POST /api/keys/[id]/rotate": "keys:manage",
  "GET /api/overview": "queue:read",
  "GET /api/overview/history": "queue:read",
  "GET /api/people": "people:manage",
  "POST /api/people": "people:manage",
  "POST /api/people/[id]/link": "people:manage",
  "POST /api/people/[id]/role": "people:manage",
  "GET /api/people/[id]/sessions": "people:manage",
  "POST /api/people/[id]/sessions": "people:manage",
  "POST /api/people/[id]/state": "people:manage",
  "GET /api/redrives": "dead_letters:read",
  "POST /api/redrives": "dead_letters:act",
  "GET /api/redrives/[id]": "dead_letters:read",
};

/** Whether a role has a right. */
export function may(role: Role, permission: Permission): boolean {
  return (PERMISSIONS[permission] as readonly Role[]).includes(role);
}

/** The rights of a role, for a page that leaves out what its reader may not do. */
export function permissionsOf(role: Role): Permission[] {
  return (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => may(role, permission));
}
