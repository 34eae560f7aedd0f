/** The part of OpenAPI 3.1 that the description uses. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface HeaderObject {
  description: string;
  /** Whether every such answer has it. */
  required?: boolean;
  schema: JsonSchema;
}

export interface MediaType {
  schema: JsonSchema;
  examples?: Readonly<Record<string, { summary?: string; value: unknown }>>;
}

export interface ResponseObject {
  description: string;
  headers?: Readonly<Record<string, HeaderObject>>;
  content?: Readonly<Record<string, MediaType>>;
}

export interface ParameterObject {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  description: string;
  schema: JsonSchema;
  style?: "form" | "simple";
  explode?: boolean;
  example?: unknown;
}

export interface OperationObject {
  operationId: string;
  summary: string;
  description?: string;
  security: readonly Readonly<Record<string, readonly string[]>>[];
  parameters?: readonly ParameterObject[];
  requestBody?: { required: true; description?: string; content: Readonly<Record<string, MediaType>> };
  responses: Readonly<Record<string, ResponseObject>>;
}

/** Everything of an operation but what its route says. */
export type OperationText = Omit<OperationObject, "operationId" | "security">;

export interface OpenApiDocument {
  openapi: "3.1.0";
  info: { title: string; version: string; summary: string; description: string; license: { name: string; identifier: string } };
  jsonSchemaDialect: string;
  servers: readonly { url: string; description: string }[];
  paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  components: {
    schemas: Readonly<Record<string, JsonSchema>>;
    responses: Readonly<Record<"NotFound" | "MethodNotAllowed", ResponseObject>>;
    securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}
