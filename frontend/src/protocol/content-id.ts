const PREFIX = "sha256:";

/** The name of a blob: `sha256:` and the hex digest of its bytes. */
export async function contentId(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return PREFIX + hexOf(digest);
}

/** The 32 bytes inside a content id, as 0x hex: the form that a job's `specHash` takes. */
export function digestOf(blobId: string): string {
  return `0x${blobId.slice(PREFIX.length)}`;
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
