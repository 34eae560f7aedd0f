import { installed } from "./installed.ts";
import { licenceList } from "./licence-list.ts";

/** `npm run licences`: every installed package with its licence, what only builds and tests marked, exceptions explained. */
for (const line of licenceList((await installed()).lock)) console.log(line);
