import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { type Answer, createOpenApiChecker } from "#infra/testing/openapi-checker.ts";
import { problems } from "#public-api/problems.ts";
import { PUBLIC_API_ROUTES } from "#public-api/routes.ts";
import { describeApi } from "./description.ts";
import type { MediaType, OperationObject, ResponseObject } from "./model.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { referencePage } from "./page.ts";

const description = describeApi();
const checker = createOpenApiChecker(description);
const operations = Object.entries(description.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));
const responsesOf = ({ responses }: OperationObject) => Object.entries(responses);
const everyResponse = (): ResponseObject[] => [...operations.flatMap(({ operation }) => Object.values(operation.responses)), ...Object.values(description.components.responses)];

describe("the description", () => {
  it("is OpenAPI 3.1", async () => {
    const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(description)) as Record<string, unknown>);
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    expect((await new Validator().validate({ ...description, paths: { "no-slash": { get: { responses: [] } } } })).valid).toBe(false);
  });

  it("holds every route and method, and no other", () => {
    const routes = Object.values(PUBLIC_API_ROUTES).flatMap(({ path, methods }) => methods.map((method) => `${method} ${path}`));
    expect(operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`).toSorted()).toEqual(routes.toSorted());
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("asks for the key that the route asks for", () => {
    expect(description.paths["/v1/activities"]?.post?.security).toEqual([{ apiKey: ["ingest"] }]);
    expect(description.paths["/v1/users/{userId}/activities"]?.get?.security).toEqual([{ apiKey: ["read"] }]);
    for (const { path, operation } of operations) expect([path, operation.security.length > 0]).toEqual([path, "401" in operation.responses && path !== "/v1/beacon"]);
  });

  it("names every problem's code, at its status, and no code that there is not", () => {
    const described = new Set(
      everyResponse().flatMap(({ content }) => {
        const [, extra] = (content?.["application/problem+json"]?.schema.allOf ?? []) as { properties: { status: { const: number }; code: { enum: string[] } } }[];
        return (extra?.properties.code.enum ?? []).map((code) => `${extra?.properties.status.const} ${code}`);
      }),
    );
    // Whatever is put in, status and code stay.
    const made = Object.values(problems as unknown as Record<string, (some: never) => { status: number; code: string }>).map((make) => make({} as never));
    expect([...described].toSorted()).toEqual([...new Set(made.map(({ status, code }) => `${status} ${code}`))].toSorted());
    const page = readFileSync("docs/api.md", "utf8");
    expect(made.map(({ code }) => code).filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });

  it("has examples that follow their schemas", () => {
    const media = (content: Readonly<Record<string, MediaType>> = {}) => Object.values(content);
    const all = [...everyResponse().flatMap(({ content }) => media(content)), ...operations.flatMap(({ operation }) => media(operation.requestBody?.content))];
    const faults = all.flatMap(({ schema, examples = {} }) => Object.values(examples).flatMap(({ value }) => checker.faultsOf(schema, value)));
    expect(faults).toEqual([]);
    expect(all.length).toBeGreaterThan(20);
    for (const { operation } of operations) {
      for (const { name, schema, example } of operation.parameters ?? []) if (example !== undefined) expect([name, checker.faultsOf(schema, example)]).toEqual([name, []]);
    }
  });

  it("gives the limits of the contracts", () => {
    const { Activity } = description.components.schemas;
    expect(Activity).toMatchObject({ additionalProperties: false, required: ["userId", "type"], properties: { userId: { maxLength: 256 }, sessionId: { maxLength: 128 } } });
    expect(description.paths["/v1/users/{userId}/activities"]?.get?.parameters?.map(({ name, required = false }) => `${name} ${required}`)).toEqual([
      "userId true",
      "from false",
      "to false",
      "type false",
      "limit false",
      "cursor false",
      "order false",
    ]);
  });
});

describe("the checker of answers", () => {
  const verdict = { status: "accepted", id: "a", occurredAt: "2026-01-31T12:00:00.000Z" };
  const answer = ({ json, ...more }: Partial<Answer> & { json?: unknown } = {}): Answer => ({
    method: "POST",
    path: "/v1/activities",
    status: 202,
    headers: new Headers({ "Content-Type": "application/json" }),
    body: JSON.stringify(json ?? { results: [verdict] }),
    ...more,
  });
  const problemHeaders = (more: Record<string, string> = {}) => new Headers({ "Content-Type": "application/problem+json", ...more });
  const overloaded = { type: "about:blank", title: "x", status: 429, code: "overloaded" };

  it("lets pass what is described", () => {
    expect(checker.check(answer())).toEqual([]);
    expect(checker.check(answer({ status: 429, headers: problemHeaders({ "Retry-After": "1" }), json: overloaded }))).toEqual([]);
  });

  it.each<[string, Answer]>([
    ["a status", answer({ status: 418 })],
    ["a path", answer({ path: "/v2/activities" })],
    ["a media type", answer({ headers: new Headers({ "Content-Type": "text/plain" }) })],
    ["a header too many", answer({ headers: new Headers({ "Content-Type": "application/json", "X-New": "1" }) })],
    ["a header that lacks", answer({ status: 429, headers: problemHeaders(), json: overloaded })],
    ["a header of another form", answer({ status: 429, headers: problemHeaders({ "Retry-After": "soon" }), json: overloaded })],
    ["another code", answer({ status: 429, headers: problemHeaders({ "Retry-After": "1" }), json: { ...overloaded, code: "new_code" } })],
    ["a status in the body that is not the answer's", answer({ status: 429, headers: problemHeaders({ "Retry-After": "1" }), json: { ...overloaded, status: 500 } })],
    ["a field too many", answer({ json: { results: [{ ...verdict, queuedAt: 1 }] } })],
    ["a problem's field too many", answer({ status: 429, headers: problemHeaders({ "Retry-After": "1" }), json: { ...overloaded, hint: "x" } })],
    ["a field that lacks", answer({ json: { results: [{ status: "accepted", id: "a" }] } })],
    ["a field of another kind", answer({ json: { results: verdict } })],
    ["a verdict that there is not", answer({ json: { results: [{ ...verdict, status: "maybe" }] } })],
    ["a time of another form", answer({ json: { results: [{ ...verdict, occurredAt: "2026-01-31T12:00:00Z" }] } })],
  ])("finds %s", (_, drifted) => {
    expect(checker.check(drifted)).not.toEqual([]);
  });

  it("finds what an operation no longer says", () => {
    const { "202": _gone, ...responses } = description.paths["/v1/activities"]?.post?.responses ?? {};
    const post = { ...description.paths["/v1/activities"]?.post, responses } as OperationObject;
    expect(createOpenApiChecker({ ...description, paths: { "/v1/activities": { post } } }).check(answer())).toEqual(["POST /v1/activities answered 202, which is not described"]);
  });
});

describe("the reference page", () => {
  const page = referencePage(description, { descriptionPath: "/v1/openapi.json" });

  it("says every operation, parameter, status, code and schema", () => {
    for (const { path, method, operation } of operations.filter(({ method }) => method !== "head")) {
      expect(page).toContain(`<span class="method">${method.toUpperCase()}</span> ${path}`);
      for (const { name } of operation.parameters ?? []) expect(page).toContain(`<code>${name}</code>`);
      for (const [status] of responsesOf(operation)) expect(page).toContain(`<th scope="row">${status}</th>`);
    }
    for (const name of Object.keys(description.components.schemas)) expect(page).toContain(`id="schema-${name}"`);
    for (const code of ["user_id", "reads_over_capacity", "not_found", "method_not_allowed"]) expect(page).toContain(code);
  });

  it("runs nothing, loads nothing and links to nothing that is not there", () => {
    expect(page).not.toMatch(/<script|<img|<iframe|\son\w+=|style="|javascript:/i);
    expect([...page.matchAll(/(?:src|href)="([^"#]*)"/g)].map(([, to]) => to)).toEqual(["data:,", "/v1/openapi.json"]);
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
    expect(PAGE_STYLE).not.toMatch(/url\(|@import/);
    expect(page).not.toMatch(/undefined|\[object/);
  });

  it("shows nothing as markup that is text", () => {
    const hostile = { ...description, info: { ...description.info, title: `<img src=x onerror="alert(1)">&'` } };
    expect(referencePage(hostile, { descriptionPath: "/" })).not.toContain("<img");
  });
});
