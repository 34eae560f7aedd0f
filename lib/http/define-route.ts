import type { z } from "zod";
import { decide, type Granted } from "#lib/auth/access.ts";
import type { Requirement } from "#lib/auth/permissions.ts";
import { requestSession } from "#lib/auth/request-session.ts";
import type { Session } from "#lib/auth/session.ts";
import { webConfig } from "#lib/config/web.ts";
import { toProblem } from "#lib/http/error-problem.ts";
import { HttpProblem, problemResponse } from "#lib/http/http-problem.ts";
import { mayAct } from "#lib/http/origin.ts";
import { parseInput, queryOf, readJson } from "#lib/http/read-input.ts";
import { answerHeaders } from "#lib/http/security-headers.ts";

/** What Next passes beside the request. */
export interface RouteContext {
  params: Promise<Record<string, string | string[] | undefined>>;
}

type Schema = z.ZodType;
type Given<S extends Schema | undefined> = S extends Schema ? z.output<S> : undefined;

export interface RouteDefinition<R extends Requirement, P extends Schema | undefined, Q extends Schema | undefined, B extends Schema | undefined, O extends Schema> {
  /** What it asks for, before it looks at anything that was sent, and again when a body has come: a right, any signed-in person, or (`public`) nothing. */
  permission: R;
  /** Pages ask it again and again by themselves, by POST: it keeps no session from its idle limit. */
  polled?: boolean;
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
  call(input: RouteInput<R, P, Q, B>): Promise<z.input<O> | Response>;
}

interface RouteInput<R extends Requirement, P extends Schema | undefined, Q extends Schema | undefined, B extends Schema | undefined> {
  /** Proof of the right, and the session that has it. */
  allowed: Granted<R>;
  params: Given<P>;
  query: Given<Q>;
  body: Given<B>;
  signal: AbortSignal;
  request: Request;
  /** Headers of a good answer, a cookie for example. */
  headers: Headers;
}

type SessionOf = (request: Request, options: { polled: boolean }) => Promise<Session | null>;

async function grant<R extends Requirement>({ permission, polled = false }: { permission: R; polled?: boolean }, request: Request, sessionOf: SessionOf): Promise<Granted<R>> {
  const decision = decide(permission, permission === "public" ? null : await sessionOf(request, { polled }));
  if (decision.access === "granted") return decision.granted;
  if (decision.access === "signed_out") throw new HttpProblem({ status: 401, code: "signed_out", title: "Nobody is signed in here", detail: "Sign in and try again." });
  throw new HttpProblem({ status: 403, code: "not_for_your_role", title: "This is not for your role", detail: "Ask an admin, if you need it." });
}

/** Any answer, a file or a refusal among them: kept nowhere, and https stays https. */
function inShell(response: Response): Response {
  for (const [name, value] of Object.entries(answerHeaders(webConfig().publicOrigin))) response.headers.set(name, value);
  return response;
}

/**
 * Makes a route handler: refuses what does not come from our page, asks who is there, validates, calls, maps errors to
 * RFC 9457 problems, validates the answer. Answers are never cached.
 */
export function defineRoute<
  O extends Schema,
  R extends Requirement,
  P extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
>(
  definition: RouteDefinition<R, P, Q, B, O>,
  { sessionOf = requestSession }: { sessionOf?: SessionOf } = {},
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
      const first = await grant<R>(definition, request, sessionOf);
      const given = {
        params: definition.params && parseInput(definition.params, await context.params, { status: 404, code: "not_found", title: "There is no such thing here" }),
        query: definition.query && parseInput(definition.query, queryOf(request), { status: 400, code: "invalid_query", title: "The address holds a wrong parameter" }),
        body: definition.body && parseInput(definition.body, await readJson(request), { status: 422, code: "invalid_body", title: "The request holds a wrong value" }),
      };
      const input = {
        // A body may take minutes to come: a right that was taken away meanwhile must not count any more.
        allowed: definition.body ? await grant<R>(definition, request, sessionOf) : first,
        ...given,
        signal: request.signal,
        request,
        headers: new Headers(),
      } as RouteInput<R, P, Q, B>;
      const answer = await definition.call(input);
      if (answer instanceof Response) return inShell(answer);
      return inShell(Response.json(definition.output.parse(answer), { status: definition.status ?? 200, headers: input.headers }));
    } catch (error) {
      return inShell(problemResponse(toProblem(error, request)));
    }
  };
}
