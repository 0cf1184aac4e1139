/**
 * Who is signed in: one small store, kept across reloads. The token is worth a day at most and
 * moves no money; jobs and deposits are each signed by the wallet.
 */
import type { Session } from "../api/types";
import type { WalletKind } from "../wallet/wallet";

const STORAGE_KEY = "fallow.session";

export type SignedIn = {
  readonly token: string;
  readonly account: string;
  readonly expiresAt: number;
  readonly kind: WalletKind;
};

let current: SignedIn | null = restored();
const listeners = new Set<() => void>();

export function getSignedIn(): SignedIn | null {
  return current;
}

export function currentToken(): string | null {
  if (current !== null && current.expiresAt <= nowSeconds()) endSession();
  return current?.token ?? null;
}

export function beginSession(session: Session, kind: WalletKind): void {
  set({ token: session.token, account: session.account, expiresAt: session.expires_at, kind });
}

export function endSession(): void {
  set(null);
}

export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function set(next: SignedIn | null): void {
  current = next;
  try {
    if (next === null) localStorage.removeItem(STORAGE_KEY);
    else localStorage.setItem(STORAGE_KEY, JSON.stringify(next));
  } catch {
    // Storage may be blocked: the session then lasts until the page is closed.
  }
  for (const listener of listeners) listener();
}

function restored(): SignedIn | null {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "null");
    return isSignedIn(value) && value.expiresAt > nowSeconds() ? value : null;
  } catch {
    return null;
  }
}

function isSignedIn(value: unknown): value is SignedIn {
  return (
    typeof value === "object" &&
    value !== null &&
    "token" in value &&
    "account" in value &&
    "expiresAt" in value &&
    typeof value.expiresAt === "number" &&
    "kind" in value
  );
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
