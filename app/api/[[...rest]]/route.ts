import { z } from "zod";
import { defineRoute } from "#lib/http/define-route.ts";
import { HttpProblem } from "#lib/http/http-problem.ts";

/** Answers what no other route does, in the form that all of them answer in. It says the same to everybody. */
const nothing = defineRoute({
  permission: "public",
  output: z.never(),
  call() {
    throw new HttpProblem({ status: 404, code: "not_found", title: "There is no such thing here" });
  },
});

export { nothing as DELETE, nothing as GET, nothing as PATCH, nothing as POST, nothing as PUT };
