import { randomBytes } from "node:crypto";
import { chmod, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

const SECRET_BYTES = 32;

/** The secret that signs the cookies of this machine's dashboard; made once, so that a restart signs nobody out. */
export async function ensureLocalSecret(stateDirectory: string): Promise<string> {
  const file = join(stateDirectory, "auth-secret");
  const known = (await readFile(file, "utf8").catch(() => "")).trim();
  if (known.length >= SECRET_BYTES) return known;
  const secret = randomBytes(SECRET_BYTES).toString("base64url");
  await writeFile(`${file}.new`, `${secret}\n`, { mode: 0o600 });
  // The mode above is for a new file only.
  await chmod(`${file}.new`, 0o600);
  await rename(`${file}.new`, file);
  return secret;
}
