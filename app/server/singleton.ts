import "server-only";

const store = globalThis as typeof globalThis & { spillwaySingletons?: Map<string, unknown> };

/**
 * Makes a thing once per process: pages and routes are bundled apart, and hot reload loads modules again, but
 * connections and pollers must be shared.
 */
export function singleton<T>(name: string, make: () => T): T {
  store.spillwaySingletons ??= new Map();
  const known = store.spillwaySingletons;
  if (!known.has(name)) known.set(name, make());
  return known.get(name) as T;
}
