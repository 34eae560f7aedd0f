const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
/** Values of the 12 bits after the version, which count within a millisecond. */
const COUNTER_END = 4_096;
const MAX_MS = 2 ** 48 - 1;

/**
 * Makes UUIDv7 ids (RFC 9562) that only grow, as text too: within a millisecond a counter that starts at random in its
 * lower half, and a clock that goes back is not followed.
 * @param now epoch milliseconds.
 */
export function createIds({ now, fillRandom }: { now: () => number; fillRandom: (bytes: Uint8Array<ArrayBuffer>) => void }): () => string {
  let lastMs = -1;
  let counter = 0;
  return () => {
    const bytes = new Uint8Array(16);
    fillRandom(bytes);
    const nowMs = Math.min(Math.max(0, Math.floor(now())), MAX_MS);
    if (nowMs > lastMs) {
      lastMs = nowMs;
      counter = (((bytes[6] ?? 0) << 8) | (bytes[7] ?? 0)) % (COUNTER_END / 2);
    } else if (++counter === COUNTER_END) {
      lastMs += 1;
      counter = 0;
    }
    for (let at = 5, rest = lastMs; at >= 0; at -= 1, rest = Math.floor(rest / 256)) bytes[at] = rest % 256;
    bytes[6] = 0x70 | (counter >> 8);
    bytes[7] = counter & 0xff;
    bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
    const hex = Array.from(bytes, (byte) => HEX[byte]).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
}
