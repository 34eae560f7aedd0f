import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openJournal } from "./journal.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sqs-journal-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function open() {
  const records: unknown[] = [];
  const journal = openJournal({ directory, replay: (record) => records.push(record) });
  return { journal, records };
}
const onlyFile = () => {
  const [name, ...others] = readdirSync(directory);
  expect(others).toEqual([]);
  return join(directory, name ?? "");
};

describe("the journal", () => {
  it("gives back what was flushed, without having been closed", async () => {
    const { journal } = open();
    journal.append({ text: "line\nbreak ü \u{1F600}" });
    journal.append([2]);
    await journal.flushed();
    expect(open().records).toEqual([{ text: "line\nbreak ü \u{1F600}" }, [2]]);
    journal.close();
  });

  it("reads lines longer than its buffer", async () => {
    const { journal } = open();
    const long = "é".repeat(1 << 20);
    for (const record of [long, 1, long]) journal.append(record);
    await journal.flushed();
    expect(open().records).toEqual([long, 1, long]);
    journal.close();
  });

  it.each([1, 5, 9])("cuts off a last line that lost %i of its bytes, and goes on after it", async (lost) => {
    const { journal } = open();
    for (const record of [[1], ["torn here"]]) journal.append(record);
    await journal.flushed();
    journal.close();
    truncateSync(onlyFile(), readFileSync(onlyFile()).length - lost);
    const second = open();
    expect(second.records).toEqual([[1]]);
    second.journal.append([3]);
    await second.journal.flushed();
    second.journal.close();
    expect(open().records).toEqual([[1], [3]]);
  });

  it("cuts off an unreadable last line, and refuses one in the middle by its number", () => {
    open().journal.close();
    writeFileSync(onlyFile(), "[1]\n\0\0\0\0\n");
    expect(open().records).toEqual([[1]]);
    writeFileSync(onlyFile(), "[1]\n\0\0\0\0\n[3]\n");
    expect(open).toThrow("line 2 is damaged");
  });

  it("rewrites itself as a whole, with what follows", async () => {
    const { journal } = open();
    for (let index = 0; index < 100; index += 1) journal.append(index);
    journal.rewrite(["all of it"]);
    expect(journal.bytes()).toBe('"all of it"\n'.length);
    journal.append("more");
    await journal.flushed();
    onlyFile();
    expect(open().records).toEqual(["all of it", "more"]);
    journal.close();
  });

  it("takes the old file when it was killed in the middle of a rewrite", async () => {
    const { journal } = open();
    journal.append("kept");
    await journal.flushed();
    journal.close();
    appendFileSync(join(directory, "sqs-00000002.journal.tmp"), '"half');
    expect(open().records).toEqual(["kept"]);
    onlyFile();
  });

  it("acknowledges nothing once it could not write", async () => {
    const { journal } = open();
    journal.append(1);
    journal.close(); // the file is closed: the next write fails
    journal.append(2);
    await expect(journal.flushed()).rejects.toThrow("EBADF");
    await expect(journal.flushed()).rejects.toThrow("EBADF");
  });
});
