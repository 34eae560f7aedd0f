import { createHash, hash } from "node:crypto";
import type { MessageAttributes } from "./message.ts";

/** MD5 in hex, as SQS answers it for a body. */
export function md5OfBody(body: string): string {
  return hash("md5", body);
}

/** SHA-256 of the body: the deduplication id of a queue with ContentBasedDeduplication. */
export function contentDeduplicationId(body: string): string {
  return hash("sha256", body);
}

/** A UUID made from a text: the same text gives the same id, so that a replayed journal gives the same messages. */
export function derivedUuid(text: string): string {
  const hex = hash("md5", text);
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/**
 * MD5 of message attributes by the rule of the developer guide: sorted by name; name, type and value each after
 * its length (4 bytes, big endian), a transport byte before the value (1 text, 2 binary).
 * @returns null when there are none, as SQS then leaves the field out.
 */
export function md5OfAttributes(attributes: MessageAttributes | null): string | null {
  const names = Object.keys(attributes ?? {}).sort();
  if (!attributes || names.length === 0) return null;
  const digest = createHash("md5");
  const add = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    digest.update(length).update(bytes);
  };
  for (const name of names) {
    const attribute = attributes[name];
    if (!attribute) continue;
    const binary = attribute.BinaryValue !== undefined;
    add(Buffer.from(name));
    add(Buffer.from(attribute.DataType));
    digest.update(Buffer.from([binary ? 2 : 1]));
    add(binary ? Buffer.from(attribute.BinaryValue ?? "", "base64") : Buffer.from(attribute.StringValue ?? ""));
  }
  return digest.digest("hex");
}
