import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type APIRequestContext, expect } from "@playwright/test";
import { openDatabase } from "#e2e/database.ts";
import { linkAnswerSchema } from "#lib/contracts/people.ts";

type Needle = string | RegExp;

/** A password's hash as the library for signing in writes it: salt and key in hex. */
const PASSWORD_HASH = /\b[0-9a-f]{32}:[0-9a-f]{128}\b/;
/** What secrets look like, whosever they are. */
const SHAPES: readonly RegExp[] = [PASSWORD_HASH, /postgres(ql)?:\/\/[^"'\s]*@/, /\bAKIA[0-9A-Z]{16}\b/, /-----BEGIN [A-Z ]*PRIVATE KEY/, /sw_live_[A-Za-z0-9]+_[A-Za-z0-9]{16,}/, /\$argon2|\$scrypt|\$2[aby]\$/];

/** Shorter values stand in texts that tell nothing: the stand-ins' secret access key is `local`. */
const LEAST_CHARACTERS = 8;

/** What stands in a text that never may. */
export function leaks(text: string, needles: readonly Needle[]): string[] {
  return needles.filter((needle) => (typeof needle === "string" ? text.includes(needle) : needle.test(text))).map(String);
}

/** Somebody with a password, and somebody with a link that nobody has used: both have a hash in the database. */
async function makePeople(admin: APIRequestContext, strangers: APIRequestContext, origin: string): Promise<void> {
  const headers = { origin };
  const invite = async () => {
    const answer = await admin.post("/api/people", { headers, data: { email: `secret-${randomUUID()}@example.com`, name: "Secret", role: "support" } });
    expect(answer.status()).toBe(201);
    return linkAnswerSchema.parse(await answer.json());
  };
  await invite();
  const token = new URL((await invite()).link).hash.slice(1);
  const redeemed = await strangers.post("/api/auth/link", { headers, data: { token, name: "Secret", password: `a password ${randomUUID()}` } });
  expect(redeemed.status()).toBe(200);
}

/** The hashes and tokens that the database holds at this moment. */
async function kept() {
  const database = await openDatabase();
  try {
    const read = async (sql: string) => (await database.query<{ value: string }>(sql)).rows.map(({ value }) => value);
    const passwords = await read("SELECT password AS value FROM sign_in_account WHERE password IS NOT NULL");
    return {
      passwords,
      passwordParts: passwords.flatMap((hash) => hash.split(":")),
      keys: await read("SELECT hash AS value FROM api_key"),
      links: await read("SELECT token_hash AS value FROM person_link"),
      sessions: await read("SELECT token AS value FROM person_session"),
    };
  } finally {
    await database.end();
  }
}

/** Of the start: its variables, and the files that it keeps its key and its cookies' secret in. */
async function ofTheStart() {
  const directory = process.env.SPILLWAY_STATE_DIR;
  if (directory === undefined) throw new Error("SPILLWAY_STATE_DIR is not set: the browser tests' setup has not run");
  const env = JSON.parse(await readFile(join(directory, "env.json"), "utf8")) as Record<string, string>;
  const variables = Object.entries(env).filter(([name]) => /DATABASE|SECRET|PASSWORD|KEY|TOKEN/.test(name)).map(([, value]) => value);
  const files = await Promise.all(["api-key", "auth-secret"].map(async (name) => (await readFile(join(directory, name), "utf8")).trim()));
  return { variables, urlPasswords: variables.filter((value) => URL.canParse(value)).map((value) => new URL(value).password), files };
}

/**
 * Texts that must never leave the server: the secrets of the start, every hash and token in its database, and what
 * secrets look like. There is one of each kind, or this fails.
 * @param strangers with no session, which it is given. @param cookies values of the admin's.
 */
export async function secrets({ admin, strangers, origin, cookies }: { admin: APIRequestContext; strangers: APIRequestContext; origin: string; cookies: readonly string[] }) {
  await makePeople(admin, strangers, origin);
  const { variables, urlPasswords, files } = await ofTheStart();
  const { passwords, passwordParts, keys, links, sessions } = await kept();
  const kinds = { variables, files, cookies: cookies.flatMap((value) => [value, decodeURIComponent(value).split(".")[0] ?? ""]), passwords, passwordParts, keys, links, sessions };
  const long = (values: readonly string[]) => values.filter((value) => value.length >= LEAST_CHARACTERS);
  for (const [kind, values] of Object.entries(kinds)) expect(long(values).length, `there is no secret of the kind ${kind} to look for`).toBeGreaterThan(0);
  // Else the form of what is looked for has changed.
  for (const hash of passwords) expect(hash).toMatch(PASSWORD_HASH);
  const values = [...new Set(long([...Object.values(kinds).flat(), ...urlPasswords]))];
  return { needles: [...values, ...SHAPES], password: passwords[0] ?? "", key: keys[0] ?? "", link: links[0] ?? "" };
}
