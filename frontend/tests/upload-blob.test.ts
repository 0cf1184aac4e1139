import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { uploadBlob } from "../src/actions/upload-blob";

const BLOB = { blobId: `sha256:${"0".repeat(64)}`, bytes: new Uint8Array(9 * 1024 * 1024) };
const NEVER = new AbortController().signal;

/** The upload rules of a market, with a connection that breaks when told to. */
class Uploads {
  offset = 0;
  patches = 0;
  breakAt = new Set<number>();
  keepOfBroken = 1_000;

  readonly fetch = async (path: string, init: RequestInit): Promise<Response> => {
    if (init.method !== "PATCH") return this.answer();
    this.patches += 1;
    const size = (init.body as Uint8Array).length;
    const from = Number(new Headers(init.headers).get("Upload-Offset"));
    if (from !== this.offset) return this.problem();
    if (this.breakAt.has(this.patches)) {
      this.offset += this.keepOfBroken;
      throw new TypeError(`connection to ${path} lost`);
    }
    this.offset += size;
    return this.answer();
  };

  private answer(): Response {
    const size = BLOB.bytes.length;
    const body = { blob_id: BLOB.blobId, size_bytes: size, offset_bytes: this.offset };
    return Response.json({ ...body, is_complete: this.offset === size });
  }

  private problem(): Response {
    const body = { code: "blob_incomplete", detail: "wrong offset", retryable: true };
    return Response.json(body, {
      status: 409,
      headers: { "content-type": "application/problem+json" },
    });
  }
}

let uploads: Uploads;

beforeEach(() => {
  uploads = new Uploads();
  vi.stubGlobal("fetch", uploads.fetch);
  vi.stubGlobal("setTimeout", (callback: () => void) => queueMicrotask(callback));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

it("sends a blob in pieces", async () => {
  await uploadBlob(BLOB, NEVER);
  expect(uploads.offset).toBe(BLOB.bytes.length);
  expect(uploads.patches).toBe(3);
});

it("sends nothing of a blob that the market has", async () => {
  uploads.offset = BLOB.bytes.length;
  await uploadBlob(BLOB, NEVER);
  expect(uploads.patches).toBe(0);
});

it("goes on after a broken connection from where the market stopped", async () => {
  uploads.breakAt = new Set([1, 3]);
  await uploadBlob(BLOB, NEVER);
  expect(uploads.offset).toBe(BLOB.bytes.length);
});

it("gives up when nothing gets through", async () => {
  uploads.keepOfBroken = 0;
  uploads.breakAt = new Set([1, 2, 3, 4, 5, 6, 7, 8]);
  await expect(uploadBlob(BLOB, NEVER)).rejects.toThrow("cannot be reached");
  expect(uploads.patches).toBe(5);
});
