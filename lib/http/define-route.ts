import type { z } from "zod";
import { webConfig } from "#lib/config/web.ts";
import { toProblem } from "#lib/http/error-problem.ts";
import { HttpProblem, problemResponse } from "#lib/http/http-problem.ts";
import { mayAct } from "#lib/http/origin.ts";
import { parseInput, queryOf, readJson } from "#lib/http/read-input.ts";

/** What Next passes beside the request. */
export interface RouteContext {
  params: Promise<Record<string, string | string[] | undefined>>;
}

type Schema = z.ZodType;
type Given<S extends Schema | undefined> = S extends Schema ? z.output<S> : undefined;

export interface RouteDefinition<P extends Schema | undefined, Q extends Schema | undefined, B extends Schema | undefined, O extends Schema> {
  /** Path parameters; a fault is a 404. */
  params?: P;
  /** Search parameters; a fault is a 400. */
  query?: Q;
  /** JSON body; a fault of form is a 400, of content a 422. */
  body?: B;
  /** What the answer must look like; an answer that does not is our own fault, a 500. */
  output: O;
  /** Status of a good answer. */
  status?: number;
  /**
   * Does the work: calls one service and throws HttpProblem for what the caller can act on. A file to download is a
   * Response, which goes out as it is.
   */
  call(input: { params: Given<P>; query: Given<Q>; body: Given<B>; signal: AbortSignal }): Promise<z.input<O> | Response>;
}

/**
 * Makes a route handler: refuses what does not come from our page, validates, calls, maps errors to RFC 9457
 * problems, validates the answer. Answers are never cached.
 */
export function defineRoute<O extends Schema, P extends Schema | undefined = undefined, Q extends Schema | undefined = undefined, B extends Schema | undefined = undefined>(
  definition: RouteDefinition<P, Q, B, O>,
): (request: Request, context: RouteContext) => Promise<Response> {
  return async (request, context) => {
    try {
      if (!mayAct(request, webConfig().publicOrigin)) {
        throw new HttpProblem({
          status: 403,
          code: "foreign_origin",
          title: "The request does not come from this dashboard",
          detail: "Open the dashboard under its configured address and try again.",
        });
      }
      const input = {
        params: definition.params && parseInput(definition.params, await context.params, { status: 404, code: "not_found", title: "There is no such thing here" }),
        query: definition.query && parseInput(definition.query, queryOf(request), { status: 400, code: "invalid_query", title: "The address holds a wrong parameter" }),
        body: definition.body && parseInput(definition.body, await readJson(request), { status: 422, code: "invalid_body", title: "The request holds a wrong value" }),
        signal: request.signal,
      } as { params: Given<P>; query: Given<Q>; body: Given<B>; signal: AbortSignal };
      const answer = await definition.call(input);
      if (answer instanceof Response) return answer;
      return Response.json(definition.output.parse(answer), { status: definition.status ?? 200, headers: { "cache-control": "no-store" } });
    } catch (error) {
      return problemResponse(toProblem(error, request));
    }
  };
}
