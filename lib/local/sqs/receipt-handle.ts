/** What a receipt handle says. The number tells one receive of a message from the next. */
export interface Receipt {
  /** Identity of the queue: its name and when it was made. */
  queue: string;
  seq: number;
  receiveCount: number;
}

const PREFIX = "AQEB";

/** An opaque handle, new for each receive of a message. */
export function encodeReceipt({ queue, seq, receiveCount }: Receipt): string {
  return PREFIX + Buffer.from(`${queue}\n${seq}\n${receiveCount}`).toString("base64url");
}

/** @returns null for what is no handle of ours. */
export function decodeReceipt(handle: string): Receipt | null {
  if (!handle.startsWith(PREFIX)) return null;
  const [queue, seq, receiveCount, ...rest] = Buffer.from(handle.slice(PREFIX.length), "base64url").toString().split("\n");
  if (!queue || !seq || !receiveCount || rest.length > 0) return null;
  if (!/^\d{1,15}$/.test(seq) || !/^\d{1,15}$/.test(receiveCount)) return null;
  return { queue, seq: Number(seq), receiveCount: Number(receiveCount) };
}
