/** Runs once, before the server takes its first request. */
export async function register(): Promise<void> {
  // Next builds this file for its edge runtime too, where nothing of ours is served and there are no connections to ask.
  if (process.env.NEXT_RUNTIME !== "nodejs") return;
  const { notePeerAddresses } = await import("#lib/auth/peer-address.ts");
  notePeerAddresses();
}
