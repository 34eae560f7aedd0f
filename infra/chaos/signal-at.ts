import { writeSync } from "node:fs";

/**
 * Preloaded (`--import`) into a worker under test: sends the process a signal right after it has written a chosen log
 * line, so between that step and the next one. Variables:
 * CHAOS_SIGNAL (SIGKILL, SIGSTOP) · CHAOS_AT_EVENT · CHAOS_AT_NTH (from 1) · CHAOS_AT_MESSAGE_IDS (only lines that name
 * one of these).
 */
const { CHAOS_SIGNAL: signal, CHAOS_AT_EVENT: event = "", CHAOS_AT_NTH: nth = "1", CHAOS_AT_MESSAGE_IDS: ids = "" } = process.env;

if (signal === "SIGKILL" || signal === "SIGSTOP") {
  const messageIds = ids === "" ? [] : ids.split(",");
  const mark = `"event":${JSON.stringify(event)}`;
  let left = Number(nth);
  const { stdout } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = (chunk: string) => {
    const answer = write(chunk);
    if (chunk.includes(mark) && (messageIds.length === 0 || messageIds.some((id) => chunk.includes(id)))) {
      left -= 1;
      if (left === 0) {
        writeSync(1, `${JSON.stringify({ at: new Date().toISOString(), event: "chaos.signal", signal, step: event })}\n`);
        process.kill(process.pid, signal);
      }
    }
    return answer;
  };
}
