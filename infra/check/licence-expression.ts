/** SPDX ids of licences that ask for a notice at most. OFL-1.1 is the fonts'. */
const ALLOWED = new Set(["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "OFL-1.1", "Python-2.0", "Unlicense"]);

/**
 * Whether an SPDX licence expression lets us take a licence that asks for a notice at most: with OR one side is enough,
 * with AND both are needed; AND binds tighter.
 */
export function isAllowed(expression: string): boolean {
  const tokens = expression.match(/\(|\)|[^\s()]+/g) ?? [];
  let at = 0;
  const word = (name: string): boolean => {
    if (tokens[at]?.toUpperCase() !== name) return false;
    at += 1;
    return true;
  };
  function one(): boolean {
    if (word("(")) {
      const inner = any();
      return word(")") && inner;
    }
    const id = tokens[at] ?? "";
    at += 1;
    return ALLOWED.has(id);
  }
  function all(): boolean {
    let allowed = one();
    while (word("AND")) allowed = one() && allowed;
    return allowed;
  }
  function any(): boolean {
    let allowed = all();
    while (word("OR")) allowed = all() || allowed;
    return allowed;
  }
  const allowed = any();
  return at === tokens.length && allowed;
}
