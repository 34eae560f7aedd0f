import { expect, test } from "vitest";
import { allowScript } from "#lib/auth/scripts.ts";
import { type AuditRow, auditHash, CHAIN_START } from "#lib/domain/audit-chain.ts";
import { verify } from "./verify.ts";

const by = allowScript("audit:read", "test");

function chain(length: number): AuditRow[] {
  const rows: AuditRow[] = [];
  for (let seq = 1; seq <= length; seq += 1) {
    const row = { seq, prevHash: rows.at(-1)?.hash ?? CHAIN_START.hash, at: new Date(seq), kind: "event", actId: "a", queue: "q", actorId: "i", actorName: "n", actorEmail: null, actorRole: "admin", action: "x.y", target: null, reason: null, asked: null, before: null, after: null, outcome: "done", error: null };
    rows.push({ ...row, hash: auditHash(row) });
  }
  return rows;
}

function logOf(rows: AuditRow[]) {
  const end = () => ({ seq: rows.at(-1)?.seq ?? 0, hash: rows.at(-1)?.hash ?? CHAIN_START.hash });
  return { rowsAfter: async (seq: number, limit: number) => rows.filter((row) => row.seq > seq).slice(0, limit), head: async () => end() };
}

test("an empty log is whole", async () => {
  expect(await verify({ ctx: { audit: logOf([]) }, by, input: {} })).toEqual({ position: CHAIN_START, rows: 0, done: true, fault: null });
});

test.each([1, 999, 1_000, 1_001, 2_500])("%i rows are walked to the end", async (length) => {
  const rows = chain(length);
  expect(await verify({ ctx: { audit: logOf(rows) }, by, input: {} })).toEqual({ position: { seq: length, hash: rows.at(-1)?.hash }, rows: length, done: true, fault: null });
});

test("in steps it comes to the same end", async () => {
  const audit = logOf(chain(2_500));
  const first = await verify({ ctx: { audit }, by, input: { maxRows: 1_000 } });
  expect(first).toMatchObject({ position: { seq: 1_000 }, rows: 2_500, done: false, fault: null });
  const second = await verify({ ctx: { audit }, by, input: { from: first.position, maxRows: 1_000 } });
  expect(second).toMatchObject({ position: { seq: 2_000 }, done: false });
  expect(await verify({ ctx: { audit }, by, input: { from: second.position, maxRows: 1_000 } })).toMatchObject({ position: { seq: 2_500 }, done: true, fault: null });
});

test("a fault ends the walk at the last whole row", async () => {
  const rows = chain(1_500);
  for (const row of rows) if (row.seq === 1_200) row.actorName = "Eve";
  expect(await verify({ ctx: { audit: logOf(rows) }, by, input: {} })).toMatchObject({ position: { seq: 1_199 }, rows: 1_500, done: true, fault: { seq: 1_200, what: "changed" } });
});

test("rows cut off the end are missed", async () => {
  const whole = logOf(chain(10));
  const cut = logOf(chain(8));
  expect((await verify({ ctx: { audit: { rowsAfter: cut.rowsAfter, head: whole.head } }, by, input: {} })).fault).toMatchObject({ seq: 9, what: "missing" });
});

test("rows written during the walk are walked too, and are no fault", async () => {
  const rows = chain(20);
  const grown = rows.slice(0, 10);
  const audit = logOf(grown);
  let asked = 0;
  const head = async () => {
    asked += 1;
    if (asked === 1) grown.push(...rows.slice(10));
    return audit.head();
  };
  expect(await verify({ ctx: { audit: { rowsAfter: audit.rowsAfter, head } }, by, input: {} })).toMatchObject({ position: { seq: 20 }, rows: 20, done: true, fault: null });
});
