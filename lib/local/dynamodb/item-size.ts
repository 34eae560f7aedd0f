import { writeUnits } from "#lib/domain/write-units.ts";

/** A value as it stands on the wire: one member, named by its type; binary in base64. */
export type WireValue = Readonly<Record<string, unknown>>;
export type WireItem = Readonly<Record<string, WireValue>>;

/** A list or map costs 3 bytes, and each of its values 1 more (developer guide, "DynamoDB item sizes and formats"). */
const CONTAINER_BYTES = 3;
const ELEMENT_BYTES = 1;

/** A byte for each two significant digits, one more, and one for a minus sign. */
function numberBytes(text: string): number {
  const [mantissa = ""] = text.toLowerCase().split("e");
  const digits = mantissa.replace(/[-+.]/g, "").replace(/^0+/, "").replace(/0+$/, "");
  return Math.ceil(digits.length / 2) + 1 + (text.startsWith("-") ? 1 : 0);
}

function sum<T>(values: readonly T[], bytesOf: (value: T) => number): number {
  return values.reduce((total, value) => total + bytesOf(value), 0);
}

const base64Bytes = (text: string) => Buffer.byteLength(text, "base64");

function valueBytes(value: WireValue): number {
  const [type = "", content] = Object.entries(value)[0] ?? [];
  switch (type) {
    case "S":
      return Buffer.byteLength(content as string);
    case "N":
      return numberBytes(content as string);
    case "B":
      return base64Bytes(content as string);
    case "BOOL":
    case "NULL":
      return 1;
    case "SS":
      return sum(content as string[], (text) => Buffer.byteLength(text));
    case "NS":
      return sum(content as string[], numberBytes);
    case "BS":
      return sum(content as string[], base64Bytes);
    case "L":
      return CONTAINER_BYTES + sum(content as WireValue[], (element) => ELEMENT_BYTES + valueBytes(element));
    case "M":
      return CONTAINER_BYTES + sum(Object.entries(content as WireItem), ([name, element]) => ELEMENT_BYTES + Buffer.byteLength(name) + valueBytes(element));
    default:
      return 0;
  }
}

/** Item size in bytes by DynamoDB's rules, for every type of attribute. */
export function wireItemBytes(item: WireItem): number {
  return sum(Object.entries(item), ([name, value]) => Buffer.byteLength(name) + valueBytes(value));
}

/** Write units that putting `item` costs, unless the item it replaces is larger. */
export function putUnits(item: WireItem): number {
  return writeUnits(wireItemBytes(item));
}
