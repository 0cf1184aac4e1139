import { createDeposit, getAccount } from "../api/market";
import type { MarketInfo } from "../api/types";
import type { SignedIn } from "../session/store";
import { permitMessage } from "../wallet/typed-message";
import { sessionWallet } from "./session-wallet";
import { waitForAccount } from "./wait-for-account";

const PERMIT_SECONDS = 3600;

/** Move credits from the wallet into its balance at the market, by a permit: no gas needed. Waits for it. */
export async function deposit(
  info: MarketInfo,
  session: SignedIn,
  amountWei: bigint,
): Promise<void> {
  const wallet = await sessionWallet(info, session);
  const before = await getAccount(session.account);
  const deadline = Math.floor(Date.now() / 1000) + PERMIT_SECONDS;
  const message = {
    owner: wallet.address,
    spender: info.market,
    value: String(amountWei),
    nonce: String(before.permit_nonce),
    deadline: String(deadline),
  };
  const signature = await wallet.sign(permitMessage(info, message));
  await createDeposit({
    owner: wallet.address,
    amount_wei: String(amountWei),
    deadline,
    signature,
  });
  await waitForAccount(wallet.address, (now) => now.permit_nonce > before.permit_nonce);
}
