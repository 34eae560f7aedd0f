/**
 * Roles of the database that hold rights and cannot log in: the roles that log in are made members of one. The tables
 * belong to the role of the migrations (DATABASE_MIGRATE_URL), which is none of these.
 */
export const DATABASE_ROLES = {
  /** All that the dashboard, the workers and the public API need together. */
  runtime: "spillway_runtime",
  /** What one of them needs. */
  web: "spillway_web",
  worker: "spillway_worker",
  publicApi: "spillway_public_api",
} as const;
export type DatabaseRole = keyof typeof DATABASE_ROLES;
