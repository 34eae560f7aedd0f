import type { Answer } from "./answer.ts";
import type { Platform } from "./platform.ts";

/**
 * Makes one request and reads its answer whole. It always comes to an end: by its answer, by `timeoutMs`, or by `stop`,
 * also with a `fetch` that obeys no signal. Never throws.
 */
export function startRequest({ platform, url, apiKey, body, timeoutMs }: { platform: Platform; url: string; apiKey: string; body: string; timeoutMs: number }): {
  answer: Promise<Answer>;
  stop: (reason: string) => void;
} {
  const abort = new AbortController();
  let stop = (_reason: string): void => undefined;
  const stopped = new Promise<Answer>((resolve) => {
    stop = (reason) => {
      const cause = new Error(reason);
      resolve({ kind: "none", cause });
      abort.abort(cause);
    };
  });
  const cancel = platform.after(timeoutMs, () => stop(`none within ${timeoutMs} ms`), false);

  async function ask(): Promise<Answer> {
    try {
      const { fetch } = platform;
      if (!fetch) throw new Error("there is no fetch here");
      const response = await fetch(url, {
        method: "POST",
        headers: { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" },
        body,
        signal: abort.signal,
        credentials: "omit",
        // A redirected POST may arrive as a GET, and the key is for one address only.
        redirect: "error",
      });
      const text = await response.text();
      return { kind: "answer", status: response.status, text, retryAfter: response.headers.get("retry-after"), date: response.headers.get("date") };
    } catch (cause) {
      return { kind: "none", cause };
    }
  }

  const answer = Promise.race([ask(), stopped]);
  void answer.then(cancel);
  return { answer, stop: (reason) => stop(reason) };
}
