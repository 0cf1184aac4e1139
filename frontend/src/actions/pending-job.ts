/** A signed job whose arrival at the market is not yet certain. */
import type { SignedJob } from "../api/types";

const STORAGE_KEY = "fallow.pending_job";

export function keepPendingJob(request: SignedJob): void {
  sessionStorage.setItem(STORAGE_KEY, JSON.stringify(request));
}

export function forgetPendingJob(): void {
  sessionStorage.removeItem(STORAGE_KEY);
}

export function pendingJob(): SignedJob | null {
  try {
    return JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "null") as SignedJob | null;
  } catch {
    return null;
  }
}
