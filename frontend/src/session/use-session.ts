import { useSyncExternalStore } from "react";
import { getSignedIn, type SignedIn, subscribe } from "./store";

/** Who is signed in, or null; re-renders when that changes. */
export function useSession(): SignedIn | null {
  return useSyncExternalStore(subscribe, getSignedIn);
}
