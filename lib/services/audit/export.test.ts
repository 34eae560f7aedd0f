import { expect, test } from "vitest";
import { allowScript } from "#lib/auth/scripts.ts";
import { type AuditAct, auditActSchema } from "#lib/contracts/audit.ts";
import { CHAIN_START } from "#lib/domain/audit-chain.ts";
import { exportActs } from "./export.ts";

const by = allowScript("audit:read", "test");
const act = (seq: number, more: Partial<AuditAct> = {}): AuditAct => ({
  id: `00000000-0000-4000-8000-${String(seq).padStart(12, "0")}`,
  at: "2026-01-31T12:00:00.000Z",
  action: "drain.rate",
  actor: { id: "ada", name: "Ada", email: null, role: "admin" },
  target: "q.fifo",
  reason: null,
  asked: '{"rate":5}',
  before: null,
  after: null,
  outcome: "done",
  error: null,
  endedAt: "2026-01-31T12:00:00.010Z",
  links: { first: { seq, prevHash: CHAIN_START.hash, hash: CHAIN_START.hash }, outcome: null },
  ...more,
});

function logOf(acts: AuditAct[]) {
  const newestFirst = acts.toReversed();
  return { acts: async (_: unknown, { before = Infinity, limit }: { before?: number | undefined; limit: number }) => newestFirst.filter(({ links }) => links.first.seq < before).slice(0, limit) };
}

async function file(acts: AuditAct[], format: "csv" | "ndjson"): Promise<string> {
  let text = "";
  let told = 0;
  for await (const piece of exportActs({ ctx: { audit: logOf(acts) }, by, input: { format } })) {
    text += piece.text;
    told += piece.acts;
  }
  expect(told).toBe(acts.length);
  return text;
}

test.each([0, 1, 499, 500, 501, 1_200])("%i acts are all in the file, once, the newest first", async (count) => {
  const acts = Array.from({ length: count }, (_, index) => act(index + 1));
  const lines = (await file(acts, "ndjson")).split("\n").slice(0, -1);
  expect(lines.map((line) => auditActSchema.parse(JSON.parse(line)).links.first.seq)).toEqual(Array.from({ length: count }, (_, index) => count - index));
  expect((await file(acts, "csv")).split("\r\n")).toHaveLength(count + 2);
});

test("nothing that people write is a formula for a spreadsheet", async () => {
  const evil = act(1, { actor: { id: "+1", name: "=HYPERLINK(1)", email: "@x", role: "admin" }, target: "-1", reason: '\t=cmd|"calc"!A0', error: "＝1" });
  const csv = await file([evil], "csv");
  const line = csv.split("\r\n")[1] ?? "";
  expect(line).toContain(`,'+1,'=HYPERLINK(1),'@x,admin,drain.rate,'-1,"'\t=cmd|""calc""!A0",done,'＝1,`);
  expect(csv.startsWith("\uFEFFrow,at,actor_id")).toBe(true);
});
