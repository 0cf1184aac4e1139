import type { MarketInfo } from "../api/types";
import type { SignedIn } from "../session/store";
import { openWallet, type Wallet } from "../wallet/wallet";

/**
 * Open the wallet that the session belongs to.
 *
 * @throws Error the wallet now shows another account.
 */
export async function sessionWallet(market: MarketInfo, session: SignedIn): Promise<Wallet> {
  const wallet = await openWallet(session.kind, market.rpc_url);
  if (wallet.address.toLowerCase() !== session.account.toLowerCase()) {
    throw new Error(
      `The wallet is at ${wallet.address}, you are signed in as ${session.account}. ` +
        "Switch the account, or sign out and in again.",
    );
  }
  return wallet;
}
