/** A signed job whose arrival at the market is not yet certain: kept, so that it is not lost. */
import type { SignedJob } from "../api/types";

const STORAGE_KEY = "fallow.pending_job";

let current: SignedJob | null = restored();
const listeners = new Set<() => void>();

export function pendingJob(): SignedJob | null {
  return current;
}

export function keepPendingJob(request: SignedJob): void {
  set(request);
}

export function forgetPendingJob(): void {
  set(null);
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function set(next: SignedJob | null): void {
  current = next;
  try {
    if (next === null) sessionStorage.removeItem(STORAGE_KEY);
    else sessionStorage.setItem(STORAGE_KEY, JSON.stringify(next));
  } catch {
    // Storage may be blocked or full: the job is then kept until the page is closed.
  }
  for (const listener of listeners) listener();
}

function restored(): SignedJob | null {
  try {
    return JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "null") as SignedJob | null;
  } catch {
    return null;
  }
}
