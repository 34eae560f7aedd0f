import { activityReadQuerySchema, readUserIdSchema } from "#lib/contracts/activity-read.ts";
import { ACTIVITY_LIMITS } from "#lib/contracts/activity.ts";
import type { PublicApiRouteName } from "#public-api/routes.ts";
import type { MediaType, OperationText, ParameterObject, ResponseObject } from "./model.ts";
import { HEADERS, keyAnswers, problem, retryable, serverFault, sometimes } from "./responses.ts";
import { refTo, schemaOf } from "./schemas.ts";

const ORDER = { id: "order-1001", userId: "maria", type: "order.place", occurredAt: "2026-01-31T12:00:00Z", properties: { total: 49.9 } };
const VIEW = { id: "view-77", userId: "maria", type: "page.view", occurredAt: "2026-01-31T11:59:30Z", sessionId: "s-12", source: "shop" };
const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join("");
const ACCEPTED = { status: "accepted", id: "order-1001", occurredAt: "2026-01-31T12:00:00.000Z" };

const verdicts = (description: string, results: readonly object[]): ResponseObject => ({
  description,
  content: { "application/json": { schema: refTo("Verdicts"), examples: { verdicts: { value: { results } } } } },
});

/** What taking activities answers, wherever they come in. */
const ingestAnswers = (ways: { media: string; headers: ResponseObject["headers"]; malformed: Readonly<Record<string, string>> }): Record<string, ResponseObject> => ({
  "202": verdicts("The queue has all of them.", [ACCEPTED]),
  "207": verdicts("The queue has some of them. Each has its own verdict, in the order of the request.", [
    ACCEPTED,
    { status: "refused", id: "view-77", field: "activities[1].userId", reason: "must be at most 256 characters" },
    { status: "not_sent", id: "view-78", reason: "an earlier activity of this user did not get through" },
    { status: "unknown", id: "view-79", reason: "the queue did not answer" },
  ]),
  "400": problem(400, ways.malformed),
  ...keyAnswers,
  "408": retryable.tooSlow,
  "413": problem(413, {
    request_too_large: "The body is too long, as it comes or unpacked. The rest of it is not read.",
    too_many_activities: `It holds more than ${ACTIVITY_LIMITS.activitiesPerRequest}.`,
  }),
  "415": problem(415, { unsupported_media_type: ways.media, unsupported_content_encoding: "The body is packed in a way that is not taken here." }, ways.headers),
  "422": problem(422, {
    no_activities: "It holds none.",
    invalid_activities: "None of them can be taken. `errors` names every fault, up to 100, and `results` holds the verdicts.",
  }),
  "429": retryable.overloaded({ user_over_cap: "Every activity that could be taken is of a user who has as many waiting as one user may. `results` holds the verdicts: send again what is not refused, with the same ids." }),
  ...serverFault.sent,
  "503": retryable.unavailable({ queue_unavailable: "The queue did not take at least one that is valid, and none was accepted. `results` holds the verdicts: send again what is not refused, with the same ids." }),
});

const MALFORMED = { malformed_json: "The body is not JSON.", malformed_text: "It is not UTF-8.", incomplete_body: "It ended before its announced length." };

const jsonActivities: MediaType = {
  schema: { oneOf: [refTo("Activity"), { type: "array", items: refTo("Activity"), minItems: 1, maxItems: ACTIVITY_LIMITS.activitiesPerRequest }] },
  examples: { one: { summary: "One activity", value: ORDER }, several: { summary: "Several", value: [VIEW, ORDER] } },
};

const queryParameters = Object.entries(activityReadQuerySchema.shape).map(
  ([name, contract]): ParameterObject => {
    const { description, ...schema } = schemaOf(contract);
    // Several types stand in one parameter, between commas.
    return { name, in: "query", description: String(description), schema, style: "form", explode: false };
  },
);

const LIMITS = { "RateLimit-Policy": HEADERS.policy, RateLimit: HEADERS.limit };
const SOMETIMES_LIMITS = { "RateLimit-Policy": sometimes(HEADERS.policy), RateLimit: sometimes(HEADERS.limit) };

const unchanged: ResponseObject = { description: "It is what `If-None-Match` names.", headers: { ETag: HEADERS.etag } };
const ifNoneMatch: ParameterObject = { name: "If-None-Match", in: "header", description: "The `ETag` of a text held already.", schema: { type: "string" } };

/** What is said of each route; one that says nothing does not compile. */
export const OPERATIONS: Readonly<Record<PublicApiRouteName, OperationText>> = {
  postActivities: {
    summary: "Send activities",
    description: `Puts activities into the queue and answers when the queue has them; storing comes later. A request holds at most ${ACTIVITY_LIMITS.activitiesPerRequest} activities and ${ACTIVITY_LIMITS.requestBytes} bytes, also unpacked; an activity at most ${ACTIVITY_LIMITS.activityBytes} bytes. Other fields than these, a key twice in one object, the key \`__proto__\`, and characters that the queue cannot carry are refused. No answer, or a cut one, counts as \`unknown\` for all of them: send them again with the same ids.`,
    parameters: [{ name: "Content-Encoding", in: "header", description: "How the body is packed.", schema: { type: "string", enum: ["identity", "gzip", "x-gzip"], default: "identity" } }],
    requestBody: {
      required: true,
      description: "One activity, an array of them, or one a line.",
      content: {
        "application/json": jsonActivities,
        "application/x-ndjson": { schema: { type: "string", description: "One Activity a line." }, examples: { lines: { summary: "One a line", value: lines(VIEW, ORDER) } } },
      },
    },
    responses: ingestAnswers({
      media: "The body is neither application/json nor application/x-ndjson, or not in UTF-8.",
      headers: { "Accept-Post": HEADERS.acceptPost, "Accept-Encoding": HEADERS.acceptEncoding },
      malformed: { ...MALFORMED, malformed_encoding: "It is not whole gzip." },
    }),
  },
  postBeacon: {
    summary: "Send activities as a page goes",
    description:
      "For `navigator.sendBeacon`, which can set no header: the key stands in the body's first line, one activity in each line after it. Open to pages of the configured origins only; anything else is answered as a wrong key is.",
    requestBody: {
      required: true,
      content: {
        "text/plain": {
          schema: { type: "string", description: "The key in the first line, then one Activity a line; at most 65,536 bytes." },
          examples: { lines: { summary: "Key and activities", value: lines({ key: "sw_live_<id>_<secret>" }, VIEW, ORDER) } },
        },
      },
    },
    responses: ingestAnswers({
      media: "The body is not text/plain in UTF-8.",
      headers: { "Accept-Post": HEADERS.acceptPost, "Accept-Encoding": HEADERS.acceptEncoding },
      malformed: MALFORMED,
    }),
  },
  getActivities: {
    summary: "Read a user's activities",
    description:
      "One page of what is stored of a user. What waits in the queue is not there yet, and what was stored in the second before may be missing. A page may be shorter than `limit`, or empty, and still have a `nextCursor`: go on until it is null. Each parameter may stand there once; any other is refused.",
    parameters: [
      {
        name: "userId",
        in: "path",
        required: true,
        description: "Percent-encoded UTF-8, decoded once.",
        schema: schemaOf(readUserIdSchema),
        example: "maria",
      },
      ...queryParameters,
    ],
    responses: {
      "200": {
        description: "The page.",
        headers: LIMITS,
        content: {
          "application/json": {
            schema: refTo("ActivityPage"),
            examples: {
              page: {
                value: {
                  activities: [
                    {
                      ...ORDER,
                      occurredAt: "2026-01-31T12:00:00.000Z",
                      delivery: { acceptedAt: "2026-01-31T12:00:00.412Z", storedAt: "2026-01-31T12:00:03.120Z", sequence: "18870000000000000001", expiresAt: "2026-05-01T12:00:00.000Z" },
                    },
                  ],
                  nextCursor: null,
                  asOf: "2026-01-31T12:05:00.000Z",
                },
              },
            },
          },
        },
      },
      "400": problem(400, { invalid_user_id: "The user id in the address cannot be one.", invalid_query: "A parameter is unknown, stands there twice or has a value that cannot be; or the cursor belongs to another query." }, LIMITS),
      ...keyAnswers,
      "429": retryable.overloaded(
        { reads_over_capacity: "All readers together have spent what the table's read throughput leaves them, or others have their turn.", key_over_rate: "The key asks more often than it may." },
        LIMITS,
      ),
      ...serverFault.read(LIMITS),
      "503": retryable.unavailable({ reads_unavailable: "The table, or what divides its read throughput, does not answer." }, SOMETIMES_LIMITS),
    },
  },
  openApi: {
    summary: "This description",
    parameters: [ifNoneMatch],
    responses: {
      "200": { description: "OpenAPI 3.1, made from the contracts that the API checks with.", headers: { ETag: HEADERS.etag }, content: { "application/json": { schema: { type: "object", required: ["openapi"] } } } },
      "304": unchanged,
    },
  },
  reference: {
    summary: "The reference, to be read",
    parameters: [ifNoneMatch],
    responses: {
      "200": { description: "A page made from the description.", headers: { ETag: HEADERS.etag }, content: { "text/html; charset=utf-8": { schema: { type: "string" } } } },
      "304": unchanged,
    },
  },
  health: {
    summary: "Whether the process serves",
    description: "It asks neither the queue nor the table.",
    responses: {
      "200": { description: "It does.", content: { "application/json": { schema: { type: "object", required: ["status"], properties: { status: { const: "ok" } } } } } },
      "503": { description: "It stops.", content: { "application/json": { schema: { type: "object", required: ["status"], properties: { status: { const: "stopping" } } } } } },
    },
  },
};
