import { notePeerAddresses } from "#lib/auth/peer-address.ts";

/** Runs once, before the server takes its first request. */
export function register(): void {
  notePeerAddresses();
}
