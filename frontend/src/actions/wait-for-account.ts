import { getAccount } from "../api/market";
import type { AccountView } from "../api/types";

const TRIES = 40;
const PAUSE_MS = 750;

/**
 * Wait until the chain shows a change that the market was asked to relay.
 *
 * @throws Error it has not shown within half a minute; it may still come.
 */
export async function waitForAccount(
  address: string,
  hasChanged: (account: AccountView) => boolean,
): Promise<AccountView> {
  for (let tries = 0; tries < TRIES; tries++) {
    const account = await getAccount(address);
    if (hasChanged(account)) return account;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  throw new Error(
    "The chain is slow: it has not confirmed this yet, but may still. Look again soon.",
  );
}
