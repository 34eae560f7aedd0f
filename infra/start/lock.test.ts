import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { holderOf, isLive, liveHolder, takeLock } from "./lock.ts";

let directory = "";
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "spillway-lock-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** No system gives out ids this high. */
const DEAD = { pid: 4_194_400, born: null };

test("a second taker is refused in one line that names the holder; after a release it may", async () => {
  const first = await takeLock(directory);
  await expect(takeLock(directory)).rejects.toThrow(`process ${process.pid}`);
  await first.release();
  const second = await takeLock(directory);
  expect(second.tookOver).toBe(false);
  await second.release();
  expect(await readdir(directory)).toEqual([]);
});

test("the lock of a dead process is taken over", async () => {
  await takeLock(directory, DEAD);
  expect(await liveHolder(directory)).toBeNull();
  expect((await takeLock(directory)).tookOver).toBe(true);
  expect((await liveHolder(directory))?.pid).toBe(process.pid);
  expect(await readdir(directory)).toEqual(["lock"]);
});

test("a torn lock file is taken over", async () => {
  await writeFile(join(directory, "lock"), '{"pid":12');
  expect((await takeLock(directory)).tookOver).toBe(true);
});

test.runIf(process.platform === "linux")("another process with the same id is not the holder", () => {
  expect(isLive(holderOf(process.pid))).toBe(true);
  expect(isLive({ pid: process.pid, born: "1" })).toBe(false);
});

test("of many who find a dead lock, one takes it, again and again", async () => {
  for (let round = 0; round < 50; round += 1) {
    await takeLock(directory, DEAD);
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(directory)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await readdir(directory)).toEqual(["lock"]);
    await rm(join(directory, "lock"));
  }
});

test("a start killed in the middle of a takeover is named, with what to do", async () => {
  await takeLock(directory, DEAD);
  await writeFile(join(directory, "lock.takeover"), JSON.stringify(DEAD));
  await expect(takeLock(directory)).rejects.toThrow(/remove .*lock\.takeover and start again/);
});

test("a release leaves another's lock alone", async () => {
  const mine = await takeLock(directory);
  await rm(join(directory, "lock"));
  await takeLock(directory, { pid: 1, born: null });
  await mine.release();
  expect(await readdir(directory)).toEqual(["lock"]);
});

test.runIf(process.platform === "linux")("a killed process that nobody has fetched yet is no holder", async () => {
  // The shell leaves its dead child unfetched while it reads.
  const shell = spawn("/bin/sh", ["-c", "sleep 60 & echo $!; exec cat"], { stdio: ["pipe", "pipe", "ignore"] });
  try {
    const [line] = (await once(shell.stdout, "data")) as [Buffer];
    // Until it has become cat, the shell may still fetch it.
    await vi.waitFor(async () => expect(await readFile(`/proc/${shell.pid}/comm`, "utf8")).toBe("cat\n"), { timeout: 5_000, interval: 5 });
    const holder = holderOf(Number(line.toString()));
    expect(isLive(holder)).toBe(true);
    process.kill(holder.pid, "SIGKILL");
    await vi.waitFor(() => expect(isLive(holder)).toBe(false), { timeout: 5_000, interval: 20 });
    expect(process.kill(holder.pid, 0)).toBe(true);
  } finally {
    shell.kill("SIGKILL");
  }
});
