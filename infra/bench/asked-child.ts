import { fork } from "node:child_process";
import { join } from "node:path";

const ANSWER_DEADLINE_MS = 300_000;

/**
 * Starts a process of the bench that answers one request at a time over IPC, and waits for its first word.
 * @param entry a file of this folder.
 */
export async function startAsked(entry: string, { execArgv = [], env }: { execArgv?: string[]; env?: Record<string, string> } = {}) {
  const child = fork(join(import.meta.dirname, entry), {
    execArgv,
    ...(env && { env: env as NodeJS.ProcessEnv }),
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const exited = new Promise<void>((done) => child.once("exit", () => done()));

  function answered(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(late);
        reject(new Error(`${entry} ended`));
      };
      const late = setTimeout(() => reject(new Error(`${entry} did not answer`)), ANSWER_DEADLINE_MS);
      child.once("exit", end);
      child.once("message", (message: { value?: unknown; error?: string }) => {
        clearTimeout(late);
        child.off("exit", end);
        if (message.error === undefined) resolve(message.value);
        else reject(new Error(message.error));
      });
    });
  }
  await answered();
  return {
    ask: async (request: object): Promise<unknown> => {
      const answer = answered();
      child.send(request);
      return await answer;
    },
    async close(): Promise<void> {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

/**
 * The other side: answers its parent's requests, and ends with it.
 * @param answer takes whatever the parent asks. @param close ends what it holds.
 */
export function answerParent(answer: (request: never) => Promise<unknown>, close: () => Promise<void> | void = () => undefined): void {
  process.on("message", (request) => {
    answer(request as never).then(
      (value) => process.send?.({ value }),
      (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.once("disconnect", () => void Promise.resolve(close()).finally(() => process.exit(0)));
  process.send?.({ value: "ready" });
}
