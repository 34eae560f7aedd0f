import { expect, test } from "@playwright/test";
import { inQueueOrder, openStack } from "#e2e/stack.ts";

const ACTIVITIES = 600;
const USERS = 40;

/** Pid of the worker that runs, as the page shows it (host:pid). */
const PROCESS = /:(\d+)/;

test("a worker killed in the middle of a drain is restarted; nothing is lost, nothing stored twice, order kept", async ({ page }) => {
  test.setTimeout(180_000);
  const stack = await openStack();
  await page.goto("/");
  const running = page.getByRole("table", { name: "Workers" }).getByRole("row").filter({ hasText: "running" });
  await expect(running).toHaveCount(1);
  await page.getByRole("textbox", { name: "Drain rate (WCU/s)" }).fill("60");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText("Applied: 60 WCU/s")).toBeVisible();

  const sent = Array.from({ length: ACTIVITIES }, (_, index) => ({
    id: `kill-${index}`,
    userId: `kill-user-${index % USERS}`,
    type: "click",
    occurredAt: new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString(),
  }));
  for (let from = 0; from < ACTIVITIES; from += 200) expect((await stack.send(sent.slice(from, from + 200))).status).toBe(202);
  const own = async () => (await stack.rows()).filter(({ userId }) => userId?.startsWith("kill-user-"));
  await expect.poll(async () => (await own()).length, { timeout: 30_000 }).toBeGreaterThan(60);

  const pid = Number(PROCESS.exec((await running.textContent()) ?? "")?.[1]);
  process.kill(pid, "SIGKILL");
  expect((await own()).length).toBeLessThan(ACTIVITIES);
  await expect(running.filter({ hasNotText: String(pid) })).toHaveCount(1, { timeout: 30_000 });

  // What the dead one held comes back when its visibility ends (30 s).
  await expect.poll(async () => (await own()).length, { timeout: 120_000 }).toBe(ACTIVITIES);
  await expect.poll(() => stack.depth("main"), { timeout: 60_000 }).toBe(0);
  const rows = inQueueOrder(await own());
  expect(new Set(rows.map(({ id }) => id))).toEqual(new Set(sent.map(({ id }) => id)));
  for (const [user, mine] of Map.groupBy(rows, ({ userId }) => userId)) {
    expect(mine.map(({ id }) => id)).toEqual(sent.filter(({ userId }) => userId === user).map(({ id }) => id));
    const storedAt = mine.map((row) => row.storedAt ?? "");
    expect(storedAt).toEqual(storedAt.toSorted());
  }
  stack.close();
});
