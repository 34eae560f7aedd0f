import { describe, expect, test } from "vitest";
import { permissionSchema, type Role, roleSchema } from "#lib/contracts/actor.ts";
import { decide } from "./access.ts";
import { ENDPOINTS, PERMISSIONS, type Requirement } from "./permissions.ts";
import type { Session } from "./session.ts";

const of = (role: Role): Session => ({ id: "s", demo: false, actor: { id: "p", name: "P", email: "p@example.com", role } });

describe("who may what", () => {
  // The table of the design, written down a second time.
  const TABLE: Readonly<Record<string, readonly Role[]>> = {
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
  };

  test("every right has its row, and no other has", () => {
    expect(PERMISSIONS).toEqual(TABLE);
    expect(Object.keys(PERMISSIONS).toSorted()).toEqual([...permissionSchema.options].toSorted());
  });

  test.each(permissionSchema.options)("%s", (permission) => {
    expect(decide(permission, null)).toEqual({ access: "signed_out" });
    for (const role of roleSchema.options) {
      const { access } = decide(permission, of(role));
      expect(access, role).toBe(TABLE[permission]?.includes(role) ? "granted" : "forbidden");
    }
  });

  test("what is granted names the right and who has it", () => {
    expect(decide("drain:write", of("operator"))).toMatchObject({ granted: { permission: "drain:write", actor: { id: "p", role: "operator" } } });
  });

  test("any role is any role, and public is anybody", () => {
    expect(decide("any_role", null)).toEqual({ access: "signed_out" });
    expect(decide("any_role", of("support"))).toMatchObject({ access: "granted", granted: { session: { id: "s" } } });
    expect(decide("public", null)).toEqual({ access: "granted", granted: null });
  });
});

test("each endpoint asks for something that exists", () => {
  const known = new Set<Requirement>([...permissionSchema.options, "any_role", "public"]);
  for (const [endpoint, requirement] of Object.entries(ENDPOINTS)) {
    expect(endpoint).toMatch(/^(GET|POST|PUT|PATCH|DELETE) \/\S*$/);
    expect(known).toContain(requirement);
  }
});
