/** A refusal that goes to the client as it is: AWS JSON 1.0 error body, status and headers. */
export class WireError extends Error {
  readonly body: Record<string, unknown>;
  readonly status: number;
  readonly headers: Record<string, string>;

  /** @param type what stands in `__type`, with or without its namespace. @param fields more members of the body. */
  constructor({
    type,
    message,
    status = 400,
    fields = {},
    headers = {},
    cause,
  }: {
    type: string;
    message: string;
    status?: number;
    fields?: Record<string, unknown>;
    headers?: Record<string, string>;
    cause?: unknown;
  }) {
    super(message, { cause });
    this.name = type.slice(type.indexOf("#") + 1);
    this.body = { __type: type, message, ...fields };
    this.status = status;
    this.headers = headers;
  }
}
