/** A wallet extension behind `window.ethereum` (EIP-1193). */
import { getAddress, numberToHex } from "viem";
import { typedDataJson } from "./typed-data";
import type { TypedMessage } from "./typed-message";
import type { Wallet } from "./wallet";

const UNKNOWN_CHAIN = 4902;
const REFUSED_BY_PERSON = 4001;

type Provider = {
  request: (call: { method: string; params?: unknown }) => Promise<unknown>;
};

declare global {
  interface Window {
    ethereum?: Provider;
  }
}

/**
 * Ask the extension for its account.
 *
 * @throws Error there is no extension, or the person refused.
 */
export async function openInjectedWallet(rpcUrl: string): Promise<Wallet> {
  const provider = window.ethereum;
  if (provider === undefined) {
    throw new Error("No wallet extension was found. Install one, or use a browser wallet.");
  }
  const accounts = await asked(provider, "eth_requestAccounts");
  const first = Array.isArray(accounts) ? accounts[0] : undefined;
  if (typeof first !== "string") throw new Error("The wallet shares no account with this page.");
  return {
    kind: "injected",
    address: getAddress(first),
    sign: (message) => signed(provider, first, message, rpcUrl),
  };
}

async function signed(
  provider: Provider,
  account: string,
  message: TypedMessage,
  rpcUrl: string,
): Promise<string> {
  await onChain(provider, message.domain.chainId, rpcUrl);
  const signature = await asked(provider, "eth_signTypedData_v4", [
    account,
    typedDataJson(message),
  ]);
  if (typeof signature !== "string") throw new Error("The wallet gave no signature.");
  return signature;
}

/** Wallets refuse to sign for a chain other than their current one. */
async function onChain(provider: Provider, chainId: number, rpcUrl: string): Promise<void> {
  const wanted = numberToHex(chainId);
  if ((await asked(provider, "eth_chainId")) === wanted) return;
  try {
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId: wanted }] });
  } catch (error) {
    if (codeOf(error) !== UNKNOWN_CHAIN) throw worded(error);
    await asked(provider, "wallet_addEthereumChain", [
      {
        chainId: wanted,
        chainName: `Fallow's chain (${chainId})`,
        rpcUrls: [rpcUrl],
        nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
      },
    ]);
  }
}

async function asked(provider: Provider, method: string, params?: unknown): Promise<unknown> {
  try {
    return await provider.request(params === undefined ? { method } : { method, params });
  } catch (error) {
    throw worded(error);
  }
}

function worded(error: unknown): Error {
  if (codeOf(error) === REFUSED_BY_PERSON)
    return new Error("The request was declined in the wallet.");
  return error instanceof Error ? error : new Error("The wallet failed to answer.");
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : null;
}
