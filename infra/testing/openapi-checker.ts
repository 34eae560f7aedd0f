import { type AnySchemaObject, Ajv2020 } from "ajv/dist/2020.js";
import type { OpenApiDocument, OperationObject, ResponseObject } from "#public-api/openapi/model.ts";

/** What a real server answered. */
export interface Answer {
  method: string;
  /** The request's path, without its query. */
  path: string;
  status: number;
  headers: Headers;
  body: string;
}

/** What every HTTP server sends, what every answer here carries, and what CORS adds: said once, in no description. */
const UNSAID = /^(date|connection|keep-alive|content-length|content-type|transfer-encoding|cache-control|content-security-policy|cross-origin-resource-policy|referrer-policy|x-content-type-options|vary|access-control-.*)$/;

/** Closes objects, so that a field that nobody described is found. What adds to another schema stays open. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).map(([name, value]) => [name, name === "examples" || name === "allOf" ? value : closed(value)] as const);
  const made: Record<string, unknown> = Object.fromEntries(entries);
  if (made.properties !== undefined) made.additionalProperties ??= false;
  return made;
}

/** Holds answers of the public API against its description. */
export function createOpenApiChecker(description: OpenApiDocument) {
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { "date-time": (text: string) => !Number.isNaN(Date.parse(text)) } });
  ajv.addSchema({ $id: "api:description", ...(closed({ components: description.components }) as AnySchemaObject) });

  function faultsOf(schema: object, value: unknown): string[] {
    // References are within the document.
    const text = JSON.stringify(closed(schema)).replaceAll('"$ref":"#/', '"$ref":"api:description#/');
    const validate = ajv.compile(JSON.parse(text) as AnySchemaObject);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) => `${instancePath || "the body"} ${message} ${JSON.stringify(params)}`);
  }

  function matches(served: string, path: string): boolean {
    const pattern = served.split(/(\{[^}]*\})/).map((part) => (part.startsWith("{") ? "[^/]+" : part.replaceAll(/[.*+?^$()[\]\\|]/g, String.raw`\$&`)));
    return new RegExp(`^${pattern.join("")}$`).test(path);
  }

  function operationOf({ method, path }: Answer): OperationObject | undefined {
    const [, methods] = Object.entries(description.paths).find(([served]) => matches(served, path)) ?? [];
    return methods?.[method.toLowerCase()];
  }

  function responseOf(answer: Answer): ResponseObject | undefined {
    const said = operationOf(answer)?.responses[String(answer.status)];
    if (said) return said;
    if (answer.status === 404) return description.components.responses.NotFound;
    return answer.status === 405 ? description.components.responses.MethodNotAllowed : undefined;
  }

  function headerFaults({ headers: given }: Answer, { headers = {} }: ResponseObject): string[] {
    const missing = Object.entries(headers).flatMap(([name, { required, schema }]) => {
      const value = given.get(name);
      if (value === null) return required === true ? [`it lacks the header ${name}`] : [];
      return faultsOf(schema, value).map((fault) => `the header ${name}: ${fault}`);
    });
    const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
    const undescribed = [...given.keys()].filter((name) => !names.has(name) && !UNSAID.test(name));
    return [...missing, ...undescribed.map((name) => `it has the undescribed header ${name}`)];
  }

  function bodyFaults({ headers, body }: Answer, { content }: ResponseObject): string[] {
    const type = headers.get("content-type");
    if (!content) return body === "" ? [] : ["it has an undescribed body"];
    const media = type === null ? undefined : content[type];
    if (!media) return [`it has the undescribed media type ${type}`];
    return type !== null && type.includes("json") ? faultsOf(media.schema, JSON.parse(body)) : [];
  }

  return {
    /** Every way in which an answer is not as it is described. */
    check(answer: Answer): string[] {
      const said = responseOf(answer);
      if (!said) return [`${answer.method} ${answer.path} answered ${answer.status}, which is not described`];
      return [...headerFaults(answer, said), ...bodyFaults(answer, said)].map((fault) => `${answer.method} ${answer.path} ${answer.status}: ${fault}`);
    },
    /** @returns faults of a value that is to follow a schema of the description. */
    faultsOf,
  };
}
