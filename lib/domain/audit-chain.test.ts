import fc from "fast-check";
import { expect, test } from "vitest";
import { type AuditRow, auditHash, CHAIN_START, checkHead, followChain } from "./audit-chain.ts";

type Content = Omit<AuditRow, "seq" | "prevHash" | "hash">;

function chained(contents: readonly Content[]): AuditRow[] {
  let position = CHAIN_START;
  return contents.map((content) => {
    const unsigned = { ...content, seq: position.seq + 1, prevHash: position.hash };
    const row = { ...unsigned, hash: auditHash(unsigned) };
    position = { seq: row.seq, hash: row.hash };
    return row;
  });
}

const text = fc.string({ unit: "grapheme", maxLength: 8 });
const nullable = fc.option(text, { nil: null });
const content: fc.Arbitrary<Content> = fc.record({
  at: fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }),
  kind: fc.constantFrom("intent", "outcome", "event"),
  actId: fc.uuid(),
  queue: text,
  actorId: text,
  actorName: text,
  actorEmail: nullable,
  actorRole: text,
  action: text,
  target: nullable,
  reason: nullable,
  asked: nullable,
  before: nullable,
  after: nullable,
  outcome: nullable,
  error: nullable,
});
const chains = fc.array(content, { minLength: 1, maxLength: 12 }).map(chained);

test("a whole chain is whole, walked at once or in parts", () => {
  fc.assert(
    fc.property(chains, fc.nat(), (rows, cut) => {
      const end = { seq: rows.length, hash: rows.at(-1)?.hash };
      expect(followChain(CHAIN_START, rows)).toEqual({ position: end, fault: null });
      const middle = cut % (rows.length + 1);
      const first = followChain(CHAIN_START, rows.slice(0, middle));
      expect(followChain(first.position, rows.slice(middle))).toEqual({ position: end, fault: null });
    }),
  );
});

test("whatever single field is changed, the row is named", () => {
  const fields = ["at", "kind", "actId", "queue", "actorId", "actorName", "actorEmail", "actorRole", "action", "target", "reason", "asked", "before", "after", "outcome", "error"] as const;
  fc.assert(
    fc.property(chains, fc.nat(), fc.constantFrom(...fields), (rows, pick, field) => {
      const victim = rows[pick % rows.length];
      if (!victim) throw new Error("no row");
      const changed = { ...victim, [field]: field === "at" ? new Date(victim.at.getTime() + 1) : `${String(victim[field])}x` };
      const { fault } = followChain(CHAIN_START, rows.map((row) => (row === victim ? changed : row)));
      expect(fault).toMatchObject({ seq: victim.seq, what: "changed" });
    }),
  );
});

test("text moved from one field to the next is seen", () => {
  const [row] = chained([{ at: new Date(0), kind: "event", actId: "a", queue: "q", actorId: "ab", actorName: "c", actorEmail: null, actorRole: "r", action: "x", target: null, reason: "-", asked: null, before: null, after: null, outcome: "done", error: null }]);
  if (!row) throw new Error("no row");
  expect(auditHash({ ...row, actorId: "a", actorName: "bc" })).not.toBe(row.hash);
  expect(auditHash({ ...row, target: "-", reason: null })).not.toBe(row.hash);
});

test("a row that was taken out, swapped or given a hash of its own is found", () => {
  const base: Content = { at: new Date(0), kind: "event", actId: "a", queue: "q", actorId: "i", actorName: "n", actorEmail: null, actorRole: "r", action: "x", target: null, reason: null, asked: null, before: null, after: null, outcome: "done", error: null };
  const rows = chained(Array.from({ length: 5 }, (_, index) => ({ ...base, target: `t${index}` })));
  expect(followChain(CHAIN_START, rows.filter(({ seq }) => seq !== 3)).fault).toMatchObject({ seq: 3, what: "missing" });
  const forged = rows.map((row) => (row.seq === 3 ? { ...row, target: "other", hash: auditHash({ ...row, target: "other" }) } : row));
  expect(followChain(CHAIN_START, forged).fault).toMatchObject({ seq: 4, what: "unlinked" });
  expect(followChain(CHAIN_START, rows.slice(1)).fault).toMatchObject({ seq: 1, what: "missing" });
});

test("rows cut off the end are missed by the head", () => {
  expect(checkHead({ seq: 3, hash: "c" }, { seq: 5, hash: "e" })).toMatchObject({ seq: 4, what: "missing" });
  expect(checkHead({ seq: 5, hash: "other" }, { seq: 5, hash: "e" })).toMatchObject({ seq: 5, what: "head" });
  expect(checkHead({ seq: 6, hash: "f" }, { seq: 5, hash: "e" })).toMatchObject({ what: "head" });
  expect(checkHead({ seq: 5, hash: "e" }, { seq: 5, hash: "e" })).toBeNull();
});
