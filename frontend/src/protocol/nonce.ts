import { hexOf } from "./content-id";

/** A random nonce. Its first byte is the account's epoch: the chain refuses any other. */
export function freshNonce(epoch: number): string {
  const random = BigInt(`0x${hexOf(crypto.getRandomValues(new Uint8Array(16)))}`);
  return String((BigInt(epoch) << 248n) | random);
}
