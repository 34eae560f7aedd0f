import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { clientAddress, PEER_HEADER } from "./client-address.ts";
import { notePeerAddresses, peerAddress } from "./peer-address.ts";

const trustedProxies = ["10.0.0.0/8", "2001:db8:1::/48"];

test.each([
  ["a forged X-Forwarded-For is not read without a trusted proxy", { peer: "203.0.113.9", forwardedFor: "198.51.100.1", trustedProxies: [] }, "203.0.113.9"],
  ["nor from a peer that is none", { peer: "203.0.113.9", forwardedFor: "198.51.100.1", trustedProxies }, "203.0.113.9"],
  ["a trusted proxy is believed", { peer: "10.1.2.3", forwardedFor: "198.51.100.1", trustedProxies }, "198.51.100.1"],
  ["but only what it added itself", { peer: "10.1.2.3", forwardedFor: "1.1.1.1, 198.51.100.1, 10.9.9.9", trustedProxies }, "198.51.100.1"],
  ["a mapped address is the same address", { peer: "::ffff:10.1.2.3", forwardedFor: "::ffff:198.51.100.1", trustedProxies }, "198.51.100.1"],
  ["rubbish ends the chain", { peer: "10.1.2.3", forwardedFor: "198.51.100.1, <script>", trustedProxies }, "10.1.2.3"],
  ["of IPv6 the line counts, not the address", { peer: "2001:db8:2:3:a:b:c:d", forwardedFor: null, trustedProxies }, "2001:db8:2:3::/64"],
  ["also when it is written short", { peer: "2001:db8:1::1", forwardedFor: "2001:DB8::7", trustedProxies }, "2001:db8:0:0::/64"],
  ["no connection, no address", { peer: null, forwardedFor: "198.51.100.1", trustedProxies }, "unknown"],
])("%s", (_, given, client) => {
  expect(clientAddress(given)).toBe(client);
});

test("the address of the connection is noted, and a note that came with the request is not believed", async () => {
  expect(peerAddress(new Headers({ [PEER_HEADER]: "mark 198.51.100.1" }))).toBeNull();
  notePeerAddresses();
  const server = createServer((request, response) => {
    response.end(peerAddress(new Headers(request.headers as Record<string, string>)));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { headers: { [PEER_HEADER]: "mark 198.51.100.1", "x-forwarded-for": "198.51.100.2" } });
  expect(await answer.text()).toBe("127.0.0.1");
  server.close();
});
