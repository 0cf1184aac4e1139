import { useSyncExternalStore } from "react";
import { pendingJob, subscribe } from "../actions/pending-job";
import type { SignedJob } from "../api/types";

/** The signed job that the market has not confirmed, or null. */
export function usePendingJob(): SignedJob | null {
  return useSyncExternalStore(subscribe, pendingJob);
}
