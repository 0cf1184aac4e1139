import type { MarketInfo } from "../api/types";
import { signIn } from "./sign-in";

/**
 * Make another private key this browser's wallet, and sign in with it.
 *
 * @throws Error not a private key.
 */
export async function importKey(market: MarketInfo, text: string): Promise<void> {
  const { importBrowserKey } = await import("../wallet/browser-wallet");
  importBrowserKey(text);
  await signIn(market, "browser");
}
