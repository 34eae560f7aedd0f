import type { IncomingMessage, ServerResponse } from "node:http";
import { SqsError } from "./errors.ts";

/** A 1 MiB batch can grow sixfold when its characters are written as \uXXXX. */
const MAX_BODY_BYTES = 8 << 20;

/** Reads a JSON body. @throws SqsError SerializationException, also past 8 MiB; the socket's error when it breaks. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new SqsError("SerializationException", `The request is over ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new SqsError("SerializationException", "The body is not JSON.");
  }
}

/** Writes one JSON answer. */
export function answerJson(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  if (response.destroyed || response.headersSent) return;
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { "content-type": "application/x-amz-json-1.0", "content-length": bytes.length, ...headers });
  response.end(bytes);
}

/** Answers a refusal as SQS does: 400 with `__type`, and the query protocol's code in a header. */
export function answerError(response: ServerResponse, requestId: string, error: unknown): void {
  const headers = { "x-amzn-requestid": requestId };
  if (error instanceof SqsError) {
    const fields = { __type: error.type, message: error.message };
    return answerJson(response, 400, fields, { ...headers, "x-amzn-query-error": `${error.queryCode};Sender` });
  }
  const message = error instanceof Error ? error.message : String(error);
  const fields = { __type: "com.amazon.coral.service#InternalFailure", message };
  return answerJson(response, 500, fields, { ...headers, "x-amzn-query-error": "InternalFailure;Receiver" });
}
