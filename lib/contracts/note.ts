import { z } from "zod";

/** No control characters but tab and line ends, no lone surrogates: PostgreSQL takes no NUL, and a log shows the rest as it is. */
const PLAIN = /^[\t\n\r\u0020-\u007E\u00A0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;

/** What a person writes beside an act, trimmed. @param maxCharacters in UTF-16 units, as forms count. */
export function noteSchema(maxCharacters: number) {
  return z.string().trim().max(maxCharacters).regex(PLAIN, { error: "holds a control character" });
}
