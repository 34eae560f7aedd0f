import { randomUUID } from "node:crypto";
import type { Commands, Operation } from "./commands.ts";
import { createEngine, type Engine } from "./engine.ts";
import { type Journal, openJournal } from "./journal.ts";
import type { SnapshotLine } from "./snapshot.ts";

/** Records of the journal, by their first element. */
type JournalRecord =
  | ["journal", { version: number; seed: string }]
  | ["snapshot", SnapshotLine]
  | ["command", Operation, Commands[Operation]["input"], number];

const VERSION = 1;
/** A file smaller than this is not worth rewriting. */
const REWRITE_FROM_BYTES = 64 << 20;
/** Rewritten when a snapshot would be smaller than the file by this factor, so that rewriting stays cheap in sum. */
const REWRITE_FACTOR = 4;

/** The engine with its journal: what it was told outlives the process. */
export interface Store {
  readonly engine: Engine;
  /** Resolves when all commands applied so far are kept; only then may they be acknowledged. */
  flushed(): Promise<void>;
  close(): void;
}

function* records(engine: Engine, seed: string): Generator<JournalRecord> {
  yield ["journal", { version: VERSION, seed }];
  for (const line of engine.snapshot()) yield ["snapshot", line];
}

/** An engine that writes each command that changed something. Receives too: counts and attempts survive. */
function journalled(engine: Engine, journal: Journal, seed: string, rewriteFromBytes: number): Engine {
  let rewriteAtBytes = rewriteFromBytes;

  function rewriteWhenWorthIt(): void {
    const bytes = journal.bytes();
    if (bytes < rewriteAtBytes || bytes < REWRITE_FACTOR * engine.snapshotBytes()) return;
    try {
      journal.rewrite(records(engine, seed));
      rewriteAtBytes = rewriteFromBytes;
    } catch (error) {
      // The long file still holds everything; it is tried again when it has doubled.
      rewriteAtBytes = bytes * 2;
      process.emitWarning(`The SQS journal could not be shortened: ${String(error)}`);
    }
  }

  return {
    ...engine,
    apply(op, input, now) {
      const before = engine.revision();
      const output = engine.apply(op, input, now);
      if (engine.revision() !== before) {
        journal.append(["command", op, input, engine.now()] satisfies JournalRecord);
        rewriteWhenWorthIt();
      }
      return output;
    },
  };
}

/**
 * Opens the state of a directory, or an empty one in memory.
 * @param directory where the journal is kept; absent: nothing is kept.
 * @param rewriteFromBytes smaller in tests only.
 */
export function openStore({
  directory,
  rewriteFromBytes = REWRITE_FROM_BYTES,
}: {
  directory?: string | undefined;
  rewriteFromBytes?: number;
}): Store {
  if (directory === undefined) {
    return { engine: createEngine({ seed: randomUUID() }), flushed: () => Promise.resolve(), close: () => undefined };
  }
  const found: { seed?: string; engine?: Engine } = {};
  const journal = openJournal({
    directory,
    replay(record) {
      const entry = record as JournalRecord;
      if (entry[0] === "journal") {
        if (entry[1].version !== VERSION) throw new Error(`${directory}: journal version ${entry[1].version} is not known, only ${VERSION}`);
        found.seed = entry[1].seed;
        found.engine = createEngine({ seed: found.seed });
      } else if (!found.engine) throw new Error(`${directory}: the journal has no header`);
      else if (entry[0] === "snapshot") found.engine.restore(entry[1]);
      else found.engine.apply(entry[1], entry[2], entry[3]);
    },
  });
  const seed = found.seed ?? randomUUID();
  const engine = found.engine ?? createEngine({ seed });
  if (!found.engine) journal.append(["journal", { version: VERSION, seed }] satisfies JournalRecord);
  return { engine: journalled(engine, journal, seed, rewriteFromBytes), flushed: () => journal.flushed(), close: () => journal.close() };
}
