/** A key made in this browser: a start without a wallet. Kept in localStorage, unencrypted. */
import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { readBrowserKey, writeBrowserKey } from "./browser-key";
import { typedData } from "./typed-data";
import type { Wallet } from "./wallet";

/** Open this browser's wallet, making its key the first time. */
export function openBrowserWallet(): Wallet {
  const key = readBrowserKey() ?? generatePrivateKey();
  writeBrowserKey(key);
  return walletOf(key);
}

/**
 * Replace this browser's key.
 *
 * @throws Error not a private key.
 */
export function importBrowserKey(text: string): Wallet {
  const key = `0x${text.trim().replace(/^0x/i, "").toLowerCase()}`;
  const wallet = walletOf(key);
  writeBrowserKey(key);
  return wallet;
}

function walletOf(key: string): Wallet {
  if (!/^0x[0-9a-f]{64}$/.test(key)) throw new Error("A private key is 64 hex digits.");
  const account = privateKeyToAccount(key as Hex);
  return {
    kind: "browser",
    address: account.address,
    sign: (message) => account.signTypedData(typedData(message)),
  };
}
