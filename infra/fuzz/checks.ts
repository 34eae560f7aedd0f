import type { Violation } from "./judge.ts";
import type { LoopGaps } from "./loop-probe.ts";

/** Longest step of the API's event loop, milliseconds of its own work. */
export const STALL_MS = 100;

/** Numbers of the first and the last request of a part of the run. */
export interface Part {
  first: number;
  last: number;
}

/** Whether the event loop was held up within a part, by the process's own work: a gap alone is the machine's. */
export function stallOf({ busiestMs }: LoopGaps, { first, last }: Part): Violation | null {
  return busiestMs > STALL_MS ? { what: "stall", detail: `a step of ${Math.round(busiestMs)} ms within requests ${first} to ${last}` } : null;
}

/** A process as it was seen; `ended` tells how it ended, null while it runs. */
interface Seen {
  name: string;
  ended: string | null;
  errors: readonly string[];
}

/** Whether a process that should be running still is. */
export function crashOf({ name, ended, errors }: Seen, { first, last }: Part): Violation | null {
  return ended === null ? null : { what: "crash", detail: `${name} ended with ${ended} within requests ${first} to ${last}: ${errors.at(-1) ?? ""}` };
}

/** What a process leaves behind that was told to stop: it must end in good order, and must have logged no error. */
export function faultsAtEnd({ name, ended, errors }: Seen): Violation[] {
  const logged = errors.map((line): Violation => ({ what: "crash", detail: `${name} logged: ${line.slice(0, 500)}` }));
  return ended === "exit code 0" ? logged : [...logged, { what: "crash", detail: `${name} was told to stop and ended with ${ended ?? "nothing"}` }];
}

/** What a queue still holds once nothing is sent any more and the workers have had their time. */
export function leftOf({ left, deadLetters }: { left: number; deadLetters: number }): Violation[] {
  return [
    ...(left > 0 ? [{ what: "left", detail: `${left} messages are still in the queue` } as const] : []),
    ...(deadLetters > 0 ? [{ what: "left", detail: `${deadLetters} messages are in the dead-letter queue` } as const] : []),
  ];
}
