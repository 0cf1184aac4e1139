import { getAccount, requestDevelopmentCredits } from "../api/market";
import { waitForAccount } from "./wait-for-account";

/** Have a development market mint credits for an address, and wait until they are there. */
export async function getDevelopmentCredits(address: string): Promise<void> {
  const before = BigInt((await getAccount(address)).wallet_credits_wei);
  await requestDevelopmentCredits(address);
  await waitForAccount(address, (account) => BigInt(account.wallet_credits_wei) > before);
}
