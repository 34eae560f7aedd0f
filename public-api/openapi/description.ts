import { PUBLIC_API_ROUTES, type PublicApiRouteName } from "#public-api/routes.ts";
import type { OpenApiDocument, OperationObject, ResponseObject } from "./model.ts";
import { OPERATIONS } from "./operations.ts";
import { anywhere } from "./responses.ts";
import { componentSchemas } from "./schemas.ts";

/** Counted up when an answer changes in a way that a client may notice. */
const VERSION = "1.0.0";
const SCHEME = "apiKey";

/** A route that GET and HEAD ask for says the same to both, with and without a body. */
function headOf(operation: OperationObject): OperationObject {
  const { operationId, responses, ...rest } = operation;
  const bare = ([status, { content: _body, ...response }]: [string, ResponseObject]): [string, ResponseObject] => [status, response];
  return { ...rest, operationId: `${operationId}Head`, responses: Object.fromEntries(Object.entries(responses).map(bare)) };
}

function operationsOf(name: PublicApiRouteName): Record<string, OperationObject> {
  const route: { methods: readonly string[]; scope: string | null; keyIn?: string } = PUBLIC_API_ROUTES[name];
  const byHeader = route.scope !== null && route.keyIn !== "body";
  const { summary, description, ...text } = OPERATIONS[name];
  const operation: OperationObject = {
    operationId: name,
    summary,
    ...(description !== undefined && { description }),
    security: byHeader && route.scope !== null ? [{ [SCHEME]: [route.scope] }] : [],
    ...text,
  };
  return Object.fromEntries(route.methods.map((method) => [method.toLowerCase(), method === "HEAD" ? headOf(operation) : operation]));
}

/** The description of the public API, from its routes and the contracts that it checks with. */
export function describeApi(): OpenApiDocument {
  const names = Object.keys(PUBLIC_API_ROUTES) as PublicApiRouteName[];
  return {
    openapi: "3.1.0",
    info: {
      title: "Spillway public API",
      version: VERSION,
      summary: "Takes activities into a queue, and gives back what is stored of a user.",
      description:
        "Every error answer is a problem (RFC 9457) with a `code` that stays. What is no HTTP at all, a head that is too long (431) and a request that does not come within 30 seconds (408) are answered without a body. With configured origins, browsers' preflights are answered at every address (204).",
      license: { name: "MIT", identifier: "MIT" },
    },
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    servers: [{ url: "/", description: "Where this description comes from." }],
    paths: Object.fromEntries(names.map((name) => [PUBLIC_API_ROUTES[name].path, operationsOf(name)])),
    components: {
      schemas: componentSchemas(),
      responses: anywhere,
      securitySchemes: { [SCHEME]: { type: "http", scheme: "bearer", bearerFormat: "sw_live_<id>_<secret>", description: "An API key; each address names the scope that it must have." } },
    },
  };
}
