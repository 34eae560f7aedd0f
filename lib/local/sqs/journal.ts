import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readdirSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

/**
 * An append-only file of JSON lines, one per record, with a whole-file rewrite now and then.
 *
 * A record counts as kept once write(2) has returned: it then outlives the process, kill -9 included. It is not
 * synced to the disk per record, so a power cut can lose the last moments; a torn last line is cut off at the start.
 * Files are named by generation; a rewrite makes the next generation aside, syncs it and renames it into place.
 */
export interface Journal {
  /** Bytes of the file, what waits to be written included. */
  bytes(): number;
  append(record: unknown): void;
  /** Resolves when all that was appended so far reached the file. @rejects when it could not be written. */
  flushed(): Promise<void>;
  /** Replaces the file by these records. @throws when it could not be written: the file before stays in use. */
  rewrite(records: Iterable<unknown>): void;
  /** Writes what waits and closes the file. */
  close(): void;
}

const FILE_PATTERN = /^sqs-(\d{8})\.journal$/;
const READ_BYTES = 1 << 20;
const NEWLINE = 0x0a;

const fileName = (generation: number) => `sqs-${String(generation).padStart(8, "0")}.journal`;

function writeAll(fd: number, text: string): number {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) written += writeSync(fd, bytes, written);
  return bytes.length;
}

/** Writes a whole file under another name, syncs it and renames it into place. */
function writeAside(path: string, records: Iterable<unknown>): { fd: number; bytes: number } {
  const aside = `${path}.tmp`;
  const fd = openSync(aside, "w");
  let bytes = 0;
  let text = "";
  try {
    for (const record of records) {
      text += `${JSON.stringify(record)}\n`;
      if (text.length < READ_BYTES) continue;
      bytes += writeAll(fd, text);
      text = "";
    }
    bytes += writeAll(fd, text);
    fsyncSync(fd);
    renameSync(aside, path);
    return { fd, bytes };
  } catch (error) {
    closeSync(fd);
    rmSync(aside, { force: true });
    throw error;
  }
}

/** Calls `take` with each whole line. @returns the bytes up to the end of the last one that was taken. */
function readLines(path: string, take: (line: string) => void): number {
  const fd = openSync(path, "r");
  const chunk = Buffer.allocUnsafe(READ_BYTES);
  let rest: Buffer = Buffer.alloc(0);
  let taken = 0;
  try {
    for (let read = readSync(fd, chunk); read > 0; read = readSync(fd, chunk)) {
      const data = Buffer.concat([rest, chunk.subarray(0, read)]);
      let start = 0;
      for (let end = data.indexOf(NEWLINE, start); end >= 0; end = data.indexOf(NEWLINE, start)) {
        take(data.toString("utf8", start, end));
        start = end + 1;
      }
      taken += start;
      rest = Buffer.from(data.subarray(start));
    }
  } finally {
    closeSync(fd);
  }
  return taken;
}

/** Reads the records of a file. @throws when a line other than the last is not JSON. @returns the good bytes. */
function readRecords(path: string, take: (record: unknown) => void): number {
  let lines = 0;
  let damagedLine = 0;
  let damagedBytes = 0;
  const bytes = readLines(path, (line) => {
    lines += 1;
    if (damagedLine > 0) throw new Error(`${path}: line ${damagedLine} is damaged; move the file away to start empty`);
    let record: unknown;
    try {
      record = JSON.parse(line);
    } catch {
      damagedLine = lines;
      damagedBytes = Buffer.byteLength(line) + 1;
      return;
    }
    take(record);
  });
  return bytes - damagedBytes;
}

/**
 * Opens the journal of a directory, which is made when missing.
 * @param replay called with each record that is there, in order.
 * @throws when the directory cannot be used, or a file is damaged elsewhere than at its end.
 */
export function openJournal({ directory, replay }: { directory: string; replay: (record: unknown) => void }): Journal {
  mkdirSync(directory, { recursive: true });
  const names = readdirSync(directory);
  for (const name of names) if (name.endsWith(".journal.tmp")) rmSync(join(directory, name));
  const generations = names.flatMap((name) => FILE_PATTERN.exec(name)?.[1] ?? []).map(Number).sort((left, right) => left - right);
  let generation = generations.at(-1) ?? 1;
  for (const old of generations.slice(0, -1)) rmSync(join(directory, fileName(old)));

  let path = join(directory, fileName(generation));
  let fileBytes = existsSync(path) ? readRecords(path, replay) : 0;
  let fd = openSync(path, "a");
  ftruncateSync(fd, fileBytes);

  let waiting: string[] = [];
  let waitingBytes = 0;
  let batch: PromiseWithResolvers<void> | null = null;
  let failure: Error | null = null;

  function write(): void {
    if (!batch) return;
    const { resolve, reject } = batch;
    const text = waiting.join("");
    batch = null;
    waiting = [];
    waitingBytes = 0;
    try {
      if (failure) throw failure;
      fileBytes += writeAll(fd, text);
      resolve();
    } catch (cause) {
      // What is in memory and what is on disk differ from here on: nothing may be acknowledged any more.
      failure = cause instanceof Error ? cause : new Error(String(cause));
      reject(failure);
    }
  }

  return {
    bytes: () => fileBytes + waitingBytes,
    append(record) {
      const line = `${JSON.stringify(record)}\n`;
      waiting.push(line);
      waitingBytes += line.length;
      if (batch) return;
      batch = Promise.withResolvers();
      batch.promise.catch(() => undefined); // whoever waits on flushed() hears of it
      setImmediate(write);
    },
    flushed() {
      if (failure) return Promise.reject(failure);
      return batch ? batch.promise : Promise.resolve();
    },
    rewrite(records) {
      write();
      if (failure) throw failure;
      const next = join(directory, fileName(generation + 1));
      const made = writeAside(next, records);
      const before = { fd, path };
      [fd, path, generation, fileBytes] = [made.fd, next, generation + 1, made.bytes];
      closeSync(before.fd);
      rmSync(before.path);
    },
    close() {
      write();
      closeSync(fd);
    },
  };
}
