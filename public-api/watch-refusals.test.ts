import { expect, it } from "vitest";
import { newApiKey } from "#lib/domain/api-key.ts";
import type { Authenticate } from "#lib/services/api-keys/key-ring.ts";
import { createLog } from "./log.ts";
import { watchRefusals } from "./watch-refusals.ts";

it("tells once a minute how many requests were refused, and of which keys, without a secret", () => {
  let time = 0;
  const lines: string[] = [];
  const good = `Bearer ${newApiKey().key}`;
  const inner: Authenticate = (header, scope) => {
    if (header === good) return { ok: true, keyId: "AAAAAAAAAAAA" };
    return { ok: false, reason: scope === "read" ? "wrong_scope" : "no_valid_key" };
  };
  const authenticate = watchRefusals(inner, createLog((line) => lines.push(line)), () => time);
  const said = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

  expect(authenticate(good, "ingest")).toEqual({ ok: true, keyId: "AAAAAAAAAAAA" });
  expect(lines).toEqual([]);
  expect(authenticate(null, "ingest")).toEqual({ ok: false, reason: "no_valid_key" });
  const revoked = Array.from({ length: 8 }, () => newApiKey());
  for (const { key } of revoked) authenticate(`Bearer ${key}`, "ingest");
  authenticate("Bearer x", "read");
  expect(said()).toMatchObject([{ event: "requests_refused_for_their_key", no_valid_key: 1, keyIds: [] }]);

  time = 60_000;
  authenticate(null, "ingest");
  expect(said()[1]).toMatchObject({ no_valid_key: 9, wrong_scope: 1, keyIds: revoked.slice(0, 5).map(({ id }) => id) });
  expect(lines).toHaveLength(2);
  for (const { key } of revoked) expect(lines.join("")).not.toContain(key.slice(-43));
});
