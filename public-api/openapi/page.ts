import type { HeaderObject, JsonSchema, MediaType, OpenApiDocument, OperationObject, ParameterObject, ResponseObject } from "./model.ts";
import { PAGE_STYLE } from "./page-style.ts";

/** Longest pattern that tells a reader something. */
const READABLE_PATTERN = 60;

const escape = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
/** Plain text whose words in backticks are code. */
const prose = (text: string) => escape(text).replace(/`([^`]+)`/g, "<code>$1</code>");
const code = (text: string) => `<code>${escape(text)}</code>`;
const when = (condition: boolean, text: () => string) => (condition ? text() : "");

function refName(schema: JsonSchema): string | null {
  return typeof schema.$ref === "string" ? (schema.$ref.split("/").at(-1) ?? null) : null;
}

const schemaLink = (name: string) => `<a href="#schema-${escape(name)}">${escape(name)}</a>`;
const asSchema = (value: unknown) => value as JsonSchema;

/** One line of what a value may be. */
function kindOf(schema: JsonSchema): string {
  const name = refName(schema);
  if (name !== null) return schemaLink(name);
  if ("const" in schema) return code(JSON.stringify(schema.const));
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => code(JSON.stringify(value))).join(" or ");
  const oneOf = schema.oneOf ?? schema.anyOf;
  if (Array.isArray(oneOf)) return oneOf.map((one) => kindOf(asSchema(one))).join(" or ");
  if (Array.isArray(schema.allOf)) return kindOf(asSchema(schema.allOf[0]));
  if (schema.type === "array") return `array of ${kindOf(asSchema(schema.items ?? {}))}`;
  const types = [schema.type].flat().map(String).join(" or ");
  return escape(types === "undefined" ? "any value" : types);
}

function range(low: unknown, high: unknown, unit: string): string {
  if (typeof low === "number" && typeof high === "number") return `${low} to ${high}${unit}`;
  if (typeof low === "number") return `${low} or more${unit}`;
  return typeof high === "number" ? `at most ${high}${unit}` : "";
}

function boundsOf(schema: JsonSchema): string {
  return [
    range(schema.minLength, schema.maxLength, " characters"),
    range(schema.minimum, schema.maximum, ""),
    range(schema.minItems, schema.maxItems, " of them"),
    when(typeof schema.pattern === "string" && schema.format === undefined && schema.pattern.length <= READABLE_PATTERN, () => `matches ${code(schema.pattern as string)}`),
    when(schema.format === "date-time", () => "ISO 8601 with a zone"),
    when(schema.default !== undefined, () => `default ${code(JSON.stringify(schema.default))}`),
  ]
    .filter((one) => one !== "")
    .join(", ");
}

/** A table that scrolls by itself where it is too wide, also with the keyboard. */
function table(caption: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const [first = "", ...others] = heads;
  const body = rows.map(([name = "", ...cells]) => `<tr><th scope="row">${name}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`).join("");
  return `<div class="wide" role="region" aria-label="${escape(caption)}" tabindex="0"><table><caption>${escape(caption)}</caption><thead><tr>${[first, ...others].map((head) => `<th scope="col">${head}</th>`).join("")}</tr></thead><tbody>${body}</tbody></table></div>`;
}

const joined = (...parts: string[]) => parts.filter((part) => part !== "").join("<br>");

function parametersTable(of: string, parameters: readonly ParameterObject[]): string {
  const rows = parameters.map(({ name, in: place, required = false, description, schema }) => [
    code(name),
    joined(`in the ${place}${required ? ", required" : ""}`, kindOf(schema), boundsOf(schema)),
    prose(description),
  ]);
  return table(`Parameters: ${of}`, ["Name", "What", "Meaning"], rows);
}

function example(label: string, value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return `<pre tabindex="0" role="region" aria-label="${escape(label)}"><code>${escape(text)}</code></pre>`;
}

function bodyOf(of: string, content: Readonly<Record<string, MediaType>>): string {
  return Object.entries(content)
    .map(([type, { schema, examples = {} }]) => {
      const about = typeof schema.description === "string" ? `: ${prose(schema.description)}` : `: ${kindOf(schema)}`;
      return `<h4>${code(type)}</h4><p>${kindOf(schema) === "string" ? code("text") : ""}${about.replace(/^: /, kindOf(schema) === "string" ? ": " : "")}</p>${Object.values(examples)
        .map(({ summary, value }, position) => example(`${of}, ${type}, example ${position + 1}${summary === undefined ? "" : `: ${summary}`}`, value))
        .join("")}`;
    })
    .join("");
}

const headersOf = (headers: Readonly<Record<string, HeaderObject>> = {}) =>
  Object.entries(headers)
    .map(([name, { description, required }]) => `${code(name)}${required === true ? "" : " (sometimes)"}: ${prose(description)}`)
    .join("<br>");

function responsesTable(of: string, responses: Readonly<Record<string, ResponseObject>>): string {
  const rows = Object.entries(responses).map(([status, { description, headers, content = {} }]) => [
    escape(status),
    Object.values(content).map(({ schema }) => kindOf(schema)).join(" or ") || "no body",
    joined(prose(description), headersOf(headers)),
  ]);
  return table(`Answers: ${of}`, ["Status", "Body", "Meaning"], rows);
}

function operation(path: string, method: string, { operationId, summary, description, security, parameters = [], requestBody, responses }: OperationObject): string {
  const needs = security.flatMap((scheme) => Object.values(scheme).flat());
  const good = Object.entries(responses).find(([status]) => status.startsWith("2"))?.[1];
  return `<section aria-labelledby="${escape(operationId)}"><h2 id="${escape(operationId)}">${escape(summary)}</h2>
<p class="address"><code><span class="method">${escape(method.toUpperCase())}</span> ${escape(path)}</code></p>
<p class="soft">${needs.length > 0 ? `Needs a key with the scope ${needs.map(code).join(", ")}.` : "401" in responses ? "The key stands in the body." : "Open to anybody."}</p>
${when(description !== undefined, () => `<p>${prose(description ?? "")}</p>`)}
${when(parameters.length > 0, () => `<h3>Parameters</h3>${parametersTable(summary, parameters)}`)}
${when(requestBody !== undefined, () => `<h3>Body</h3>${when(requestBody?.description !== undefined, () => `<p>${prose(requestBody?.description ?? "")}</p>`)}${bodyOf(`${summary}: body`, requestBody?.content ?? {})}`)}
<h3>Answers</h3>${responsesTable(summary, responses)}
${Object.values(good?.content ?? {})
  .flatMap(({ examples = {} }) => Object.values(examples))
  .map(({ value }) => example(`${summary}: example of an answer`, value))
  .join("")}</section>`;
}

function properties(name: string, schema: JsonSchema): string {
  const fields = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  const required = (schema.required ?? []) as string[];
  const rows = fields.map(([field, value]) => [
    code(field),
    required.includes(field) ? "always" : "may be absent",
    joined(kindOf(value), boundsOf(value), typeof value.description === "string" ? prose(value.description) : ""),
  ]);
  const inner = fields
    .map(([field, value]): [string, JsonSchema] => [field, value.type === "array" && refName(asSchema(value.items)) === null ? asSchema(value.items) : value])
    .filter(([, value]) => value.type === "object" && value.properties !== undefined);
  return table(`Fields: ${name}`, ["Field", "There", "What"], rows) + inner.map(([field, value]) => `<h4>${escape(field)} of ${escape(name)}</h4>${properties(`${name}.${field}`, value)}`).join("");
}

/** What tells one form of a value from the others: the fields that are fixed in it. */
function formOf(variant: JsonSchema): string {
  const fixed = Object.entries((variant.properties ?? {}) as Record<string, JsonSchema>).flatMap(([field, value]) => (typeof value.const === "string" ? [`${field} ${value.const}`] : []));
  return fixed.length > 0 ? escape(fixed.join(", ")) : kindOf(variant);
}

function schemaSection(name: string, schema: JsonSchema): string {
  const variants = (schema.oneOf ?? schema.anyOf) as JsonSchema[] | undefined;
  const body = variants?.map((variant) => `<h4>${escape(name)}: ${formOf(variant)}</h4>${properties(`${name}: ${formOf(variant)}`, variant)}`).join("") ?? properties(name, schema);
  return `<section aria-labelledby="schema-${escape(name)}"><h3 id="schema-${escape(name)}">${escape(name)}</h3>${when(schema.additionalProperties === false, () => "<p>Any other field is refused.</p>")}${body}</section>`;
}

/** The reference page: the description, to be read by people. It runs no script and loads nothing. */
export function referencePage({ info, paths, components }: OpenApiDocument, { descriptionPath }: { descriptionPath: string }): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== "head")
      .map(([method, about]) => ({ path, method, about })),
  );
  const scheme = Object.values(components.securitySchemes)[0];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(info.title)}: reference</title><link rel="icon" href="data:,"><style>${PAGE_STYLE}</style></head>
<body><a class="skip" href="#content">Skip to the content</a>
<header><h1>${escape(info.title)}</h1><p class="soft">${escape(info.summary)} Version ${escape(info.version)}. For programs: <a href="${escape(descriptionPath)}">OpenAPI 3.1</a>.</p>
<nav aria-label="Contents"><ul>${operations.map(({ path, method, about }) => `<li><a href="#${escape(about.operationId)}">${escape(about.summary)}</a> <span class="soft">${escape(method.toUpperCase())} ${escape(path)}</span></li>`).join("")}<li><a href="#everywhere">What any address may answer</a></li><li><a href="#schemas">Schemas</a></li></ul></nav></header>
<main id="content"><section aria-labelledby="keys"><h2 id="keys">Keys and errors</h2><p>${prose(scheme?.description ?? "")} It is sent as ${code(`Authorization: Bearer ${scheme?.bearerFormat ?? ""}`)}.</p><p>${prose(info.description)}</p></section>
${operations.map(({ path, method, about }) => operation(path, method, about)).join("\n")}
<section aria-labelledby="everywhere"><h2 id="everywhere">What any address may answer</h2>${responsesTable(
    "any address",
    Object.fromEntries(Object.entries(components.responses).map(([name, response]) => [name === "NotFound" ? "404" : "405", response])),
  )}</section>
<section aria-labelledby="schemas"><h2 id="schemas">Schemas</h2>${Object.entries(components.schemas).map(([name, schema]) => schemaSection(name, schema)).join("\n")}</section></main>
<footer><p>Made from the contracts that the API checks with.</p></footer></body></html>
`;
}
