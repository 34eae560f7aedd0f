import { PROBLEM_CONTENT_TYPE } from "#lib/contracts/problem.ts";
import type { HeaderObject, ResponseObject } from "./model.ts";
import { refTo } from "./schemas.ts";

const text = { type: "string" } as const;

export const HEADERS = {
  retryAfter: { description: "Seconds to wait before it is asked again.", required: true, schema: { type: "string", pattern: "^[1-9]\\d*$" } },
  challenge: { description: "What is wrong with the key, as far as it is told.", required: true, schema: { type: "string", pattern: '^Bearer realm="spillway"' } },
  policy: {
    description: "The quotas: `key`, requests of one key in this process; `reads`, read units of all readers together. Syntax of draft-ietf-httpapi-ratelimit-headers-11.",
    required: true,
    schema: { type: "string", pattern: '^"key";q=\\d+;w=1(, "reads";q=\\d+;w=1;qu="read-units")?$' },
  },
  limit: {
    description: "What is left of them; `reads` is named when it is spent.",
    required: true,
    schema: { type: "string", pattern: '^"key";r=\\d+;t=\\d+(, "reads";r=0;t=\\d+)?$' },
  },
  etag: { description: "Changes with the text.", required: true, schema: text },
  allow: { description: "The methods that the address takes.", required: true, schema: text },
  acceptPost: { description: "The media type that is taken, where that was the fault.", schema: text },
  acceptEncoding: { description: "The encodings that are taken, where that was the fault.", schema: text },
} as const satisfies Record<string, HeaderObject>;

/** A header that not every such answer has. */
export const sometimes = ({ required: _always, ...header }: HeaderObject): HeaderObject => header;

const RETRY = { "Retry-After": HEADERS.retryAfter } as const;
const CHALLENGE = { "WWW-Authenticate": HEADERS.challenge } as const;

/**
 * An error answer.
 * @param codes all that it may have as `code`, with what each means.
 */
export function problem(status: number, codes: Readonly<Record<string, string>>, headers: Readonly<Record<string, HeaderObject>> = {}): ResponseObject {
  const names = Object.keys(codes);
  return {
    description: Object.entries(codes)
      .map(([code, meaning]) => `\`${code}\`: ${meaning}`)
      .join(" "),
    ...(Object.keys(headers).length > 0 && { headers }),
    content: {
      [PROBLEM_CONTENT_TYPE]: {
        schema: { allOf: [refTo("Problem"), { type: "object", properties: { status: { const: status }, code: { enum: names } } }] },
        examples: { [names[0] ?? ""]: { value: { type: "about:blank", title: codes[names[0] ?? ""], status, code: names[0] } } },
      },
    },
  };
}

const UNAUTHORIZED = "The key is absent, malformed, unknown, wrong, expired or revoked; which one is not told.";
const KEYS_AWAY = "API keys cannot be checked now. Nothing was read.";

/** What every address with a key may answer. */
export const keyAnswers = {
  "401": problem(401, { unauthorized: UNAUTHORIZED }, CHALLENGE),
  "403": problem(403, { insufficient_scope: "The key is good and lacks the scope." }, CHALLENGE),
};

export const serverFault = {
  sent: { "500": problem(500, { internal_error: "A fault of ours. What became of the request is unknown: send it again with the same ids." }) },
  read: (headers: Readonly<Record<string, HeaderObject>>) => ({ "500": problem(500, { internal_error: "A fault of ours. Nothing was changed by it." }, headers) }),
};

const OVERLOADED = "The API has as much in work as it can bear. Nothing of the request was taken.";

export const retryable = {
  tooSlow: problem(408, { body_too_slow: "The body came too slowly while others needed its place, or the process stops. Nothing of it was taken." }, RETRY),
  overloaded: (more: Readonly<Record<string, string>> = {}, headers: Readonly<Record<string, HeaderObject>> = {}) => problem(429, { overloaded: OVERLOADED, ...more }, { ...RETRY, ...headers }),
  unavailable: (more: Readonly<Record<string, string>>, headers: Readonly<Record<string, HeaderObject>> = {}) => problem(503, { ...more, keys_unavailable: KEYS_AWAY }, { ...RETRY, ...headers }),
};

/** What any address may answer, whatever is asked of it. */
export const anywhere = {
  NotFound: problem(404, { not_found: "There is nothing at this address. Below /v1/ that is told to good keys only." }),
  MethodNotAllowed: problem(405, { method_not_allowed: "The address does not take this method. Below /v1/ that is told to good keys only." }, { Allow: HEADERS.allow }),
};
