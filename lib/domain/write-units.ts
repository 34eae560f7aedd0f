/** Size in bytes from which one more write unit is charged (DynamoDB developer guide, "Write unit consumption"). */
const WRITE_UNIT_BYTES = 1024;

/** A flat item of strings and integers: what this table holds. */
export type FlatItem = Readonly<Record<string, string | number | undefined>>;

/**
 * Bytes DynamoDB counts for a number: up to 38 significant digits, about a byte for each two of them, plus one,
 * plus one for a negative sign (developer guide, "DynamoDB item sizes and formats").
 */
function numberBytes(value: number): number {
  const digits = Math.abs(value).toString().replace(/e.*$/, "").replace(".", "").replace(/^0+/, "").replace(/0+$/, "").length;
  return Math.ceil(digits / 2) + 1 + (value < 0 ? 1 : 0);
}

/** Item size in bytes by DynamoDB's rules: UTF-8 names and strings, numbers as above. */
export function itemBytes(item: FlatItem): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) {
    if (value === undefined) continue;
    bytes += Buffer.byteLength(name) + (typeof value === "string" ? Buffer.byteLength(value) : numberBytes(value));
  }
  return bytes;
}

/** Write units of one standard write of an item of `bytes` bytes: rounded up to 1 KB, at least one. */
export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES));
}
