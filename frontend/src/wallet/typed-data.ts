/** A TypedMessage in the forms that signing code wants. Loaded with the wallets only. */
import { type Hex, hashTypedData, type TypedDataDefinition } from "viem";
import type { TypedMessage } from "./typed-message";

const DOMAIN_FIELDS = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
];

export function typedData(typed: TypedMessage): TypedDataDefinition {
  const values = typed.fields.map(({ name, type }) => {
    const value = typed.message[name];
    if (value === undefined) throw new Error(`${typed.primaryType} lacks ${name}`);
    return [name, type.startsWith("uint") ? BigInt(value) : value];
  });
  // viem checks types known at compile time; here they come from the message itself.
  return {
    domain: { ...typed.domain, verifyingContract: typed.domain.verifyingContract as Hex },
    types: { [typed.primaryType]: typed.fields },
    primaryType: typed.primaryType,
    message: Object.fromEntries(values),
  } as unknown as TypedDataDefinition;
}

/** What is signed: keccak(0x1901 || domain separator || struct hash). For a job, its id. */
export function digestOf(typed: TypedMessage): Hex {
  return hashTypedData(typedData(typed));
}

/** The JSON text that `eth_signTypedData_v4` takes. */
export function typedDataJson(typed: TypedMessage): string {
  return JSON.stringify({
    domain: typed.domain,
    types: { EIP712Domain: DOMAIN_FIELDS, [typed.primaryType]: typed.fields },
    primaryType: typed.primaryType,
    message: typed.message,
  });
}
