import { once } from "node:events";
import { connect } from "node:net";
import { expect, type Page, test } from "@playwright/test";
import { builtPages } from "#e2e/built.ts";

/*
 * The shell that every page stands in, as an attacker meets it: what may run in a page, what an answer carries, and
 * what is not there at all.
 */

/** What the browser refused or complained about, as it happens. */
function complaints(page: Page): string[] {
  const found: string[] = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && found.push(message.text()));
  page.on("pageerror", (error) => found.push(error.message));
  return found;
}

/** Each violation of the page's policy, which not every browser writes to its console. */
async function violations(page: Page): Promise<string[]> {
  const found: string[] = [];
  await page.exposeFunction("reportViolation", (text: string) => found.push(text));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      (globalThis as unknown as { reportViolation(text: string): void }).reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  return found;
}

test("pages, charts and the colour scheme work under the policy: hydrated, with a clean console and no violation", async ({ page }) => {
  const said = complaints(page);
  const violated = await violations(page);
  await page.goto("/");
  await expect(page.getByTestId("live-state")).toHaveAttribute("data-state", "connected");
  await expect(page.getByRole("button", { name: "Apply" })).toBeVisible();
  await page.getByRole("button", { name: "Colour scheme" }).click();
  await page.getByRole("group", { name: "Colour scheme" }).getByRole("button", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
  for (const name of ["Dead letters", "Activity", "Overview"]) {
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name }).click();
    await expect(page).toHaveTitle(new RegExp(name === "Overview" ? "Spillway" : name));
  }
  // The theme's own style elements are in force: they carry the document's nonce.
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue("--mantine-primary-color-filled"))).not.toBe("");
  await page.reload();
  await expect(page.getByTestId("live-state")).toHaveAttribute("data-state", "connected");
  expect(violated).toEqual([]);
  expect(said).toEqual([]);
});

test("a script, a handler or a style that was written into a page does not run", async ({ page }) => {
  const violated = await violations(page);
  await page.goto("/");
  await page.evaluate(() => {
    document.body.insertAdjacentHTML("beforeend", `<img src="/nothing" onerror="globalThis.ran = 'handler'"><style>body { --ran: 1 }</style><a id="planted-link" href="javascript:globalThis.ran='link'">x</a>`);
    const script = document.createElement("script");
    script.textContent = "globalThis.ran = 'script'";
    document.body.append(script);
    document.querySelector<HTMLElement>("#planted-link")?.click();
  });
  await expect.poll(() => violated.length).toBeGreaterThanOrEqual(4);
  expect(await page.evaluate(() => [(globalThis as { ran?: string }).ran, getComputedStyle(document.body).getPropertyValue("--ran")])).toEqual([undefined, ""]);
});

test("every page has a policy with a nonce of its own, and says what it must", async ({ request }) => {
  const nonces = new Set<string>();
  const paths = [...(await builtPages()).map(({ path }) => path), "/nowhere"];
  for (const path of paths) {
    const answer = await request.get(path);
    const headers = answer.headers();
    const policy = headers["content-security-policy"] ?? "";
    const [, nonce = ""] = /script-src 'self' 'nonce-([^']+)';/.exec(policy) ?? [];
    expect(nonce, path).toMatch(/^[A-Za-z0-9+/]{22}==$/);
    nonces.add(nonce);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy.replace("style-src-attr 'unsafe-inline'", "")).not.toContain("unsafe");
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "same-origin",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(headers["permissions-policy"]).toContain("camera=()");
    expect(headers["cache-control"]).toContain("no-store");
    expect(headers).not.toHaveProperty("x-powered-by");
    // Plain http on this machine: a browser told otherwise could not come back.
    expect(headers).not.toHaveProperty("strict-transport-security");
    const html = await answer.text();
    const inline = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>/g)].map(([tag]) => tag);
    expect(inline.length, path).toBeGreaterThan(0);
    expect(inline.filter((tag) => !tag.includes(`nonce="${nonce}"`)), path).toEqual([]);
    expect([...html.matchAll(/<style[^>]*>/g)].filter(([tag]) => !tag.includes(`nonce="${nonce}"`)), path).toEqual([]);
  }
  expect(nonces.size).toBe(paths.length);
});

test("routes and built files carry the headers too, and routes are kept nowhere", async ({ request }) => {
  for (const path of ["/api/overview", "/api/nowhere", "/api/dead-letters/not-an-id", "/icon.svg"]) {
    const headers = (await request.get(path)).headers();
    expect(headers["x-content-type-options"], path).toBe("nosniff");
    expect(headers["content-security-policy"], path).toContain("frame-ancestors 'none'");
    expect(headers, path).not.toHaveProperty("x-powered-by");
    if (path.startsWith("/api/")) expect(headers["cache-control"], path).toContain("no-store");
  }
});

test("there is no image optimiser", async ({ request }) => {
  for (const url of ["/icon.svg", "http://169.254.169.254/latest/meta-data/", "//127.0.0.1/x.png"]) {
    expect((await request.get(`/_next/image?url=${encodeURIComponent(url)}&w=64&q=75`)).status(), url).toBe(404);
  }
});

test("there is no WebSocket", async ({ baseURL }) => {
  const { hostname, port, host } = new URL(baseURL ?? "");
  for (const path of ["/", "/api/overview", "/_next/hmr", "/nowhere"]) {
    const socket = connect(Number(port), hostname);
    const answer: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => answer.push(chunk));
    await once(socket, "connect");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
    await once(socket, "close", { signal: AbortSignal.timeout(5_000) });
    expect(Buffer.concat(answer).toString(), path).not.toContain("101");
  }
});

test("a page asked for from elsewhere with an unsafe method is refused, as a server action would be", async ({ request, baseURL }) => {
  const foreign: Record<string, string>[] = [{}, { origin: "https://elsewhere.example" }, { "sec-fetch-site": "cross-site", origin: baseURL ?? "" }];
  for (const from of foreign) {
    const answer = await request.post("/", { headers: { "next-action": "0".repeat(42), "content-type": "text/plain", ...from }, data: "[]" });
    expect(answer.status(), JSON.stringify(from)).toBe(403);
  }
});
