import * as market from "../api/market";
import type { MarketInfo } from "../api/types";
import type { SignedIn } from "../session/store";
import { cancellationMessage } from "../wallet/typed-message";
import { sessionWallet } from "./session-wallet";

/** Sign that no further task of the job is leased, and have the market relay it. */
export async function cancelJob(info: MarketInfo, session: SignedIn, jobId: string): Promise<void> {
  const wallet = await sessionWallet(info, session);
  await market.cancelJob(jobId, await wallet.sign(cancellationMessage(info, jobId)));
}
