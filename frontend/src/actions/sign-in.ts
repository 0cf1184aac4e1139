import { createSession } from "../api/market";
import type { MarketInfo } from "../api/types";
import { hexOf } from "../protocol/content-id";
import { beginSession } from "../session/store";
import { loginMessage } from "../wallet/typed-message";
import { openWallet, type WalletKind } from "../wallet/wallet";

const SESSION_SECONDS = 12 * 3600;

/** Sign a login with the chosen wallet and begin a session; nothing is spent. */
export async function signIn(market: MarketInfo, kind: WalletKind): Promise<void> {
  const wallet = await openWallet(kind, market.rpc_url);
  const issuedAt = Math.floor(Date.now() / 1000);
  const message = {
    account: wallet.address,
    issuedAt: String(issuedAt),
    expiresAt: String(issuedAt + SESSION_SECONDS),
    nonce: `0x${hexOf(crypto.getRandomValues(new Uint8Array(32)))}`,
  };
  const signature = await wallet.sign(loginMessage(market, message));
  beginSession(await createSession(message, signature), kind);
}
