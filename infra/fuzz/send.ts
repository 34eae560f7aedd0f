import { Agent, request as httpRequest } from "node:http";
import { ingestProblemSchema, ingestResponseSchema } from "#lib/contracts/ingest.ts";
import type { Answer } from "./judge.ts";
import type { Sent } from "./oracle.ts";

/** Longest wait for one answer, milliseconds; the API's own deadline is 10 s. */
const ANSWER_MS = 30_000;

function resultsOf(status: number, text: string): Answer["results"] {
  try {
    const json: unknown = JSON.parse(text);
    return status < 300 ? ingestResponseSchema.parse(json).results : (ingestProblemSchema.parse(json).results ?? null);
  } catch {
    return null;
  }
}

/** A producer that keeps its connections. @returns null where no whole answer came. */
export function createSender({ port, apiKey, connections }: { port: number; apiKey: string; connections: number }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    send({ body, headers }: Sent): Promise<Answer | null> {
      const { promise, resolve } = Promise.withResolvers<Answer | null>();
      const length = headers["Transfer-Encoding"] === undefined ? { "Content-Length": String(body.length) } : {};
      const sending = httpRequest({
        agent,
        port,
        host: "127.0.0.1",
        path: "/v1/activities",
        method: "POST",
        headers: { Authorization: `Bearer ${apiKey}`, ...length, ...headers },
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      sending.on("response", (answer) => {
        const status = answer.statusCode ?? 0;
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => (text += part));
        answer.on("end", () => resolve({ status, results: resultsOf(status, text) })).on("close", () => resolve(null));
      });
      // An answer that came before the body was through counts, and then the connection ends.
      sending.on("error", () => setImmediate(() => resolve(null)));
      sending.end(body);
      return promise;
    },
    close: () => agent.destroy(),
  };
}
