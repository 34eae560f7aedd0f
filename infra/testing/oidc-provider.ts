import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export const CLIENT = { id: "spillway", secret: "secret of the client" } as const;

/** Who signs in at the provider, and how the provider lies about it. */
export interface Identity {
  sub: string;
  email: string;
  emailVerified: boolean;
  /** Each replaces what an honest provider says. */
  lies?: { issuer?: string; audience?: string; nonce?: string; expired?: boolean; strangerKey?: boolean; unsigned?: boolean };
}

interface Grant {
  identity: Identity;
  challenge: string;
  nonce: string | null;
  redirectUri: string;
}

/** An OpenID Connect provider for tests: discovery, keys, the authorization code flow with PKCE. */
export async function startOidcProvider({ calledIssuer }: { /** What it calls itself, when not by its address. */ calledIssuer?: string } = {}) {
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  const stranger = await generateKeyPair("RS256");
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: "1", alg: "RS256", use: "sig" }] };
  const grants = new Map<string, Grant>();
  const exchanged: string[] = [];
  let hangs = false;
  /** Who sits before the browser that comes to sign in. */
  let present: Identity | null = null;
  let url = "";

  async function idToken({ identity: { sub, email, emailVerified, lies = {} }, nonce }: Grant): Promise<string> {
    const claims = { email, email_verified: emailVerified, name: "Somebody", ...((lies.nonce ?? nonce) !== null && { nonce: lies.nonce ?? nonce }) };
    const seconds = Math.floor(Date.now() / 1_000);
    if (lies.unsigned) {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
      return `${part({ alg: "none" })}.${part({ ...claims, sub, iss: url, aud: CLIENT.id, iat: seconds, exp: seconds + 300 })}.`;
    }
    return new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: "1" })
      .setSubject(sub)
      .setIssuer(lies.issuer ?? calledIssuer ?? url)
      .setAudience(lies.audience ?? CLIENT.id)
      .setIssuedAt(lies.expired ? seconds - 7_200 : seconds)
      .setExpirationTime(lies.expired ? seconds - 3_600 : seconds + 300)
      .sign(lies.strangerKey ? stranger.privateKey : privateKey);
  }

  async function token(form: URLSearchParams): Promise<object | null> {
    const code = form.get("code") ?? "";
    const grant = grants.get(code);
    exchanged.push(code);
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    if (grant === undefined || grant.challenge !== challenge || grant.redirectUri !== form.get("redirect_uri") || form.get("client_secret") !== CLIENT.secret) return null;
    grants.delete(code);
    return { access_token: randomUUID(), refresh_token: randomUUID(), token_type: "Bearer", expires_in: 300, id_token: await idToken(grant) };
  }

  /** Notes that somebody signed in. @returns the address that the browser is sent back to. */
  function granted(authorizeUrl: string, identity: Identity): string {
    const { searchParams, origin, pathname } = new URL(authorizeUrl);
    if (`${origin}${pathname}` !== `${url}/authorize`) throw new Error(`the browser was sent to ${authorizeUrl}`);
    const code = randomUUID();
    const redirectUri = searchParams.get("redirect_uri") ?? "";
    grants.set(code, { identity, challenge: searchParams.get("code_challenge") ?? "", nonce: searchParams.get("nonce"), redirectUri });
    return `${redirectUri}?${new URLSearchParams({ code, state: searchParams.get("state") ?? "" }).toString()}`;
  }

  const server = createServer((request, response) => {
    if (hangs) return;
    const json = (status: number, body: object) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.url === "/.well-known/openid-configuration") {
        json(200, {
          issuer: calledIssuer ?? url,
          authorization_endpoint: `${url}/authorize`,
          token_endpoint: `${url}/token`,
          jwks_uri: `${url}/keys`,
          id_token_signing_alg_values_supported: ["RS256"],
        });
      } else if (request.url === "/keys") json(200, keys);
      else if (request.url === "/present" && request.method === "POST") {
        present = JSON.parse(Buffer.concat(chunks).toString()) as Identity;
        json(200, {});
      } else if (request.url?.startsWith("/authorize?") && present !== null) response.writeHead(302, { location: granted(`${url}${request.url}`, present) }).end();
      else if (request.url === "/token") {
        void token(new URLSearchParams(Buffer.concat(chunks).toString())).then((answer) => (answer === null ? json(400, { error: "invalid_grant" }) : json(200, answer)));
      } else json(404, {});
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    /** Codes that were brought to the token endpoint. */
    exchanged,
    /** From now on no answer comes. */
    hang(on: boolean) {
      hangs = on;
    },
    /** Lets somebody sign in at the address that the browser was sent to. @returns the address that it is sent back to. */
    signIn: granted,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
