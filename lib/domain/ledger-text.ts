/** Longest error text the ledger keeps, in characters: enough for a message and the top of a stack. */
const ERROR_CHARACTERS = 2_000;

/** Makes an error text that Postgres and JSON can hold: no NUL, bounded, never empty. */
export function ledgerError(error: string): string {
  const clean = error.replaceAll("\0", "\uFFFD").toWellFormed().trim();
  if (clean === "") return "no error text";
  return clean.length <= ERROR_CHARACTERS ? clean : `${clean.slice(0, ERROR_CHARACTERS - 1).toWellFormed()}…`;
}

/** Versions 1 to 8 in any case, as the database's uuid type and the contract both take them. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** A death's id as found in a message attribute, or null: attributes are input like any other. */
export function deathIdOf(attribute: string | undefined): string | null {
  return attribute !== undefined && UUID.test(attribute) ? attribute.toLowerCase() : null;
}
