import { BlockList, isIP } from "node:net";

/** Header in which the server notes, for its own routes, the address at the other end of the connection. */
export const PEER_HEADER = "x-spillway-peer";

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

function plain(address: string): string {
  return MAPPED_IPV4.exec(address)?.[1] ?? address;
}

function networkList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", prefix] = network.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** The first 64 bits: all of them behind the rest belong to one line. */
function ipv6Network(address: string): string {
  const [head = "", tail] = address.split("%")[0]?.split("::") ?? [];
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = tail === undefined ? left : [...left, ...Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0"), ...right];
  return `${groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}

/**
 * Whose request it is, for limits and for the list of sessions. Anybody can send X-Forwarded-For, so it is read only
 * from a trusted proxy, from its right end, up to the first address that is no trusted proxy.
 * @param peer address at the other end of the connection.
 * @returns an address, or of IPv6 its /64 network; `unknown` where the connection tells none.
 */
export function clientAddress({ peer, forwardedFor, trustedProxies }: { peer: string | null; forwardedFor: string | null; trustedProxies: readonly string[] }): string {
  const trusted = networkList(trustedProxies);
  const isTrusted = (address: string) => trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  let client = plain(peer ?? "");
  if (isIP(client) === 0) return "unknown";
  for (const hop of (forwardedFor ?? "").split(",").toReversed()) {
    const address = plain(hop.trim());
    if (!isTrusted(client) || isIP(address) === 0) break;
    client = address;
  }
  return isIP(client) === 6 ? ipv6Network(client) : client;
}
