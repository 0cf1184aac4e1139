import canonicalize from "canonicalize";

/**
 * The RFC 8785 bytes of a JSON value: what a spec's hash is taken of.
 *
 * @throws Error a value that JSON or the protocol lacks (NaN, an integer past 2^53 - 1).
 */
export function canonicalBytes(value: unknown): Uint8Array<ArrayBuffer> {
  checkNumbers(value);
  const text = canonicalize(value);
  if (text === undefined) throw new Error("This value has no canonical JSON.");
  return new TextEncoder().encode(text);
}

function checkNumbers(value: unknown): void {
  if (typeof value === "number") {
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      throw new Error(`${value} is too large a whole number for JSON.`);
    }
  } else if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) checkNumbers(item);
  }
}
