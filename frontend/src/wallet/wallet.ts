/** What signs: a key made in this browser, or a wallet extension (EIP-1193). */
import type { TypedMessage } from "./typed-message";

export type WalletKind = "browser" | "injected";

export type Wallet = {
  readonly kind: WalletKind;
  readonly address: string;
  /** The 65-byte signature as 0x hex. Throws when the person or the wallet refuses. */
  readonly sign: (message: TypedMessage) => Promise<string>;
};

/** The wallet code is loaded only now: most visits never sign anything. */
export async function openWallet(kind: WalletKind, rpcUrl: string): Promise<Wallet> {
  if (kind === "browser") return (await import("./browser-wallet")).openBrowserWallet();
  return (await import("./injected-wallet")).openInjectedWallet(rpcUrl);
}
