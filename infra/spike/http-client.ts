import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { ingestProblemSchema } from "#lib/contracts/ingest.ts";
import { type Answer, parseJson } from "./answers.ts";

/** Longer than the API's own deadline, so that its verdicts arrive. */
const REQUEST_TIMEOUT_MS = 30_000;
const NEVER_LEFT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

export interface SpikeClient {
  post(body: string): Promise<Answer>;
  /** @returns why the API cannot be used, or null when it answers. */
  unreachable(): Promise<string | null>;
  /** @returns why the API does not take our key, or null when it does. */
  refused(): Promise<string | null>;
  close(): void;
}

/** Sends over kept-alive connections; never rejects. @param apiKey null sends none. @param timeoutMs longest wait for an answer. */
export function createHttpClient({ url, maxSockets, apiKey, timeoutMs = REQUEST_TIMEOUT_MS }: { url: string; maxSockets: number; apiKey: string | null; timeoutMs?: number }): SpikeClient {
  const secure = url.startsWith("https:");
  const agent = secure ? new HttpsAgent({ keepAlive: true, maxSockets }) : new HttpAgent({ keepAlive: true, maxSockets });
  const request = secure ? httpsRequest : httpRequest;

  function exchange(path: string, method: string, body: string): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const headers = {
      ...(body !== "" && { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) }),
      ...(apiKey !== null && { Authorization: `Bearer ${apiKey}` }),
    };
    const fail = (error: NodeJS.ErrnoException) =>
      resolve({ kind: "none", reason: error.code ?? error.message, sent: !NEVER_LEFT.has(error.code ?? "") });
    const sending = request(`${url}${path}`, { method, agent, headers, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", fail);
      response.on("end", () => {
        const retryAfter = Number(response.headers["retry-after"]);
        resolve({
          kind: "answer",
          status: response.statusCode ?? 0,
          body: text,
          retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter >= 0 ? retryAfter : null,
        });
      });
    });
    sending.on("error", fail);
    sending.end(body);
    return promise;
  }

  return {
    post: (body) => exchange("/v1/activities", "POST", body),
    async unreachable() {
      const answer = await exchange("/healthz", "GET", "");
      if (answer.kind === "none") return answer.reason;
      return answer.status === 200 ? null : `it answers ${answer.status} at /healthz`;
    },
    async refused() {
      // Whoever is let in is told that an empty list holds nothing.
      const answer = await exchange("/v1/activities", "POST", "[]");
      if (answer.kind === "none" || (answer.status !== 401 && answer.status !== 403)) return null;
      return `${answer.status} ${ingestProblemSchema.safeParse(parseJson(answer.body)).data?.title ?? "without an explanation"}`;
    },
    close: () => agent.destroy(),
  };
}
