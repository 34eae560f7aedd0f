import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CLIENT, startOidcProvider } from "#infra/testing/oidc-provider.ts";
import { type Product, startProduct } from "#infra/testing/product.ts";

/**
 * Playwright's global setup: one `npm start` of its own for all browser tests (infra/testing/product.ts).
 * Tests find it by SPILLWAY_STATE_DIR (env.json in it has the backends' variables), E2E_BASE_URL and E2E_API_URL; they
 * are the demo admin's by E2E_SIGNED_IN, unless one says otherwise. E2E_PROVIDER_URL is the provider of the single sign-on.
 */
const LOGS = join(import.meta.dirname, "..", "..", "test-results", "logs");

/** Signs the demo person of a role in, and keeps the browser state that makes a test theirs. */
async function signIn(product: Product, role: string): Promise<string> {
  const [name = "", ...value] = (await product.signIn(role)).split("=");
  const cookie = { name, value: value.join("="), domain: "127.0.0.1", path: "/", expires: -1, httpOnly: true, secure: false, sameSite: "Lax" };
  const file = join(product.stateDirectory, `browser-${role}.json`);
  await writeFile(file, JSON.stringify({ cookies: [cookie], origins: [] }));
  return file;
}

export default async function setup(): Promise<() => Promise<void>> {
  const provider = await startOidcProvider();
  const env = { OIDC_ISSUER: provider.url, OIDC_CLIENT_ID: CLIENT.id, OIDC_CLIENT_SECRET: CLIENT.secret, OIDC_NAME: "Test Login" };
  const keepLogs = async (stateDirectory: string) => await cp(join(stateDirectory, "logs"), LOGS, { recursive: true }).catch(() => undefined);
  const product = await startProduct({ env, stopped: keepLogs }).catch(async (error: unknown) => {
    await provider.close();
    throw error;
  });
  const stop = async (): Promise<void> => {
    await product.close();
    await provider.close();
  };
  process.env.SPILLWAY_STATE_DIR = product.stateDirectory;
  process.env.E2E_BASE_URL = product.dashboardUrl;
  process.env.E2E_PROVIDER_URL = provider.url;
  process.env.E2E_API_URL = product.apiUrl;
  try {
    process.env.E2E_SIGNED_IN = await signIn(product, "admin");
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
