/** The EIP-712 messages that the web app signs; mirrors protocol/ (job, session) and EIP-2612. */
import type { MarketInfo, Message } from "../api/types";

export type Field = { readonly name: string; readonly type: string };

export type TypedMessage = {
  readonly domain: {
    readonly name: string;
    readonly version: string;
    readonly chainId: number;
    readonly verifyingContract: string;
  };
  readonly primaryType: string;
  readonly fields: readonly Field[];
  /** Integers as decimal text, bytes as 0x hex: exactly what travels. */
  readonly message: Message;
};

// The name and version that CreditToken signs permits under (protocol/chain/calls.py).
const CREDIT_TOKEN = { name: "Fallow Credit", version: "1" };

type Home = Pick<MarketInfo, "chain_id" | "market">;

const LOGIN = fields("address account, uint40 issuedAt, uint40 expiresAt, bytes32 nonce");
const CANCELLATION = fields("bytes32 jobId");
const JOB = fields(
  "address requester, address operator, address token, bytes32 specHash, uint32 taskCount, " +
    "uint96 maxPricePerTask, uint96 auditBudget, uint96 relayerFee, uint40 notBefore, " +
    "uint40 deadline, uint256 nonce",
);
const PERMIT = fields(
  "address owner, address spender, uint256 value, uint256 nonce, uint256 deadline",
);

export const loginMessage = (home: Home, message: Message) =>
  marketMessage(home, "Login", LOGIN, message);

export const jobMessage = (home: Home, message: Message) =>
  marketMessage(home, "Job", JOB, message);

export const cancellationMessage = (home: Home, jobId: string) =>
  marketMessage(home, "Cancellation", CANCELLATION, { jobId });

/** An EIP-2612 permit: lets the market take `value` of the owner's credits, once. */
export function permitMessage(
  home: Home & Pick<MarketInfo, "token">,
  message: Message,
): TypedMessage {
  const domain = { ...CREDIT_TOKEN, chainId: home.chain_id, verifyingContract: home.token };
  return { domain, primaryType: "Permit", fields: PERMIT, message };
}

function marketMessage(
  home: Home,
  primaryType: string,
  messageFields: readonly Field[],
  message: Message,
): TypedMessage {
  const domain = {
    name: "Fallow Market",
    version: "1",
    chainId: home.chain_id,
    verifyingContract: home.market,
  };
  return { domain, primaryType, fields: messageFields, message };
}

function fields(declaration: string): Field[] {
  return declaration.split(", ").map((field) => {
    const [type = "", name = ""] = field.split(" ");
    return { name, type };
  });
}
