/** Ranges of the IANA special-purpose registries that no public service stands in, and what maps onto IPv4. */
const CLOSED_IPV4: readonly (readonly [number, number])[] = [
  [ipv4(0, 0, 0, 0), 8], // this network
  [ipv4(10, 0, 0, 0), 8], // private
  [ipv4(100, 64, 0, 0), 10], // carrier-grade NAT
  [ipv4(127, 0, 0, 0), 8], // loopback
  [ipv4(169, 254, 0, 0), 16], // link-local, the metadata services of clouds among it
  [ipv4(172, 16, 0, 0), 12], // private
  [ipv4(192, 0, 0, 0), 24], // protocol assignments
  [ipv4(192, 0, 2, 0), 24], // documentation
  [ipv4(192, 88, 99, 0), 24], // 6to4 relays
  [ipv4(192, 168, 0, 0), 16], // private
  [ipv4(198, 18, 0, 0), 15], // benchmarks
  [ipv4(198, 51, 100, 0), 24], // documentation
  [ipv4(203, 0, 113, 0), 24], // documentation
  [ipv4(224, 0, 0, 0), 4], // multicast
  [ipv4(240, 0, 0, 0), 4], // reserved, broadcast
];

function ipv4(a: number, b: number, c: number, d: number): number {
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function parseIpv4(text: string): number | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return null;
  const [a = 256, b = 256, c = 256, d = 256] = parts.map(Number);
  return Math.max(a, b, c, d) > 255 ? null : ipv4(a, b, c, d);
}

/** The eight groups of an IPv6 address, or null. */
function parseIpv6(text: string): number[] | null {
  const address = text.split("%")[0] ?? "";
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const low = dotted ? parseIpv4(dotted[2] ?? "") : null;
  if (dotted && low === null) return null;
  const hex = dotted && low !== null ? `${dotted[1]}${(low >>> 16).toString(16)}:${(low & 0xffff).toString(16)}` : address;
  const halves = hex.split("::");
  if (halves.length > 2) return null;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...Array.from({ length: halves.length === 1 ? 0 : missing }, () => "0"), ...tail];
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) ? groups.map((group) => Number.parseInt(group, 16)) : null;
}

function publicIpv4(address: number): boolean {
  return !CLOSED_IPV4.some(([network, bits]) => address >>> (32 - bits) === network >>> (32 - bits));
}

function publicIpv6(groups: readonly number[]): boolean {
  const [first = 0, second = 0] = groups;
  // Global unicast is 2000::/3 and nothing else; what of it tunnels to IPv4 or is set aside stays closed.
  if (first >>> 13 !== 1) return false;
  if (first === 0x2001 && (second < 0x0200 || second === 0x0db8)) return false; // Teredo, ORCHID, benchmarks; documentation
  if (first === 0x3fff && second < 0x1000) return false; // documentation
  return first !== 0x2002; // 6to4
}

/** Whether an IP address is one on the public internet. What is no IP address is not. */
export function isPublicAddress(address: string): boolean {
  const four = parseIpv4(address);
  if (four !== null) return publicIpv4(four);
  const six = parseIpv6(address);
  return six !== null && publicIpv6(six);
}
