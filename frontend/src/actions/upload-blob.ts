import { appendUpload, beginUpload, getUpload } from "../api/market";
import { RequestFailed } from "../api/problem";
import type { Upload } from "../api/types";

const PIECE_BYTES = 4 * 1024 * 1024;
const MOST_FAILURES = 5;
const PAUSE_MS = 500;

export type NamedBlob = { readonly blobId: string; readonly bytes: Uint8Array<ArrayBuffer> };

/**
 * Upload a blob, or whatever of it the market still lacks; after a broken connection it goes on
 * from where the market says it stopped.
 *
 * @throws RequestFailed refused, or failing again and again.
 */
export async function uploadBlob(blob: NamedBlob, signal: AbortSignal): Promise<void> {
  let upload = await beginUpload(blob.blobId, blob.bytes.length, signal);
  let failures = 0;
  while (!upload.is_complete) {
    const before = upload.offset_bytes;
    try {
      upload = await appendPiece(blob, before, signal);
    } catch (error) {
      if (failures + 1 >= MOST_FAILURES || !canResume(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 2 ** failures));
      upload = await getUpload(blob.blobId, signal);
    }
    failures = upload.offset_bytes > before ? 0 : failures + 1;
    if (failures >= MOST_FAILURES) throw stuck(blob.blobId);
  }
}

function appendPiece(blob: NamedBlob, offset: number, signal: AbortSignal): Promise<Upload> {
  const piece = blob.bytes.slice(offset, offset + PIECE_BYTES);
  return appendUpload(blob.blobId, offset, piece, signal);
}

function canResume(error: unknown): boolean {
  return error instanceof RequestFailed && (error.retryable || error.code === "blob_incomplete");
}

function stuck(blobId: string): RequestFailed {
  return new RequestFailed(`The upload of ${blobId.slice(0, 19)}… makes no progress.`, {
    code: "blob_incomplete",
    status: 409,
    retryable: true,
  });
}
