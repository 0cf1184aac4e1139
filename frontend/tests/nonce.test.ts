import { expect, it } from "vitest";
import { freshNonce } from "../src/protocol/nonce";

it.each([0, 1, 255])("begins with the epoch %i, and is new each time", (epoch) => {
  const nonces = Array.from({ length: 20 }, () => BigInt(freshNonce(epoch)));
  expect(nonces.map((nonce) => Number(nonce >> 248n))).toEqual(nonces.map(() => epoch));
  expect(new Set(nonces).size).toBe(nonces.length);
});
